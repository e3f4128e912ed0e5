import {
  type Application,
  aggregate,
  application,
  asOfJoin,
  count,
  deduplicate,
  globalJoin,
  globalTable,
  hopping,
  numberSerde,
  type Part,
  sessions,
  stream,
  type TimerDefinition,
  table,
  tableJoin,
  topology,
  tumbling,
  versionedTable,
  windowAggregate,
  windowCount,
  windowJoin,
} from '../index.ts';
import { beacons, counts, type Fact, orders, profiles, regrouped, results, shops } from './topics.ts';

export interface Case {
  readonly name: string;
  readonly application: Application;
  /** Each record is worked before the next one comes: for results that depend on how inputs interleave. */
  readonly inOrder?: boolean;
  /** The table's rows are all there before the first record of a stream. */
  readonly isTableFirst?: boolean;
  /** One stage feeds another: how their records interleave differs from run to run. */
  readonly hasStages?: boolean;
}

/** Nothing of the proofs' input is later than this. */
export const GRACE_MS = 400;
export const WITHIN_MS = 150;
export const GAP_MS = 120;
export const SIZE_MS = 300;
export const EVERY_MS = 100;

function oneStage(name: string, order: 'free' | 'arrival', parts: readonly Part[]): Case {
  const only = topology(name, { order, parts });
  return { name, application: application('proof', [only]), inOrder: order === 'arrival' };
}

export function joinCase(graceMs = GRACE_MS): Case {
  return oneStage('outer-window-join', 'free', [
    windowJoin<Fact, Fact>({
      name: 'near',
      left: orders,
      right: beacons,
      beforeMs: WITHIN_MS,
      afterMs: WITHIN_MS / 2,
      graceMs,
      match: (key, left, right, context) => context.emit(results, key, `${left.value.id}+${right.value.id}`),
      onlyLeft: (key, left, context) => context.emit(results, key, `${left.value.id}+`),
      onlyRight: (key, right, context) => context.emit(results, key, `+${right.value.id}`),
      outputs: [results],
    }),
  ]);
}

export function windowCase(graceMs = GRACE_MS): Case {
  return oneStage('windows', 'free', [
    windowCount<Fact>({
      name: 'changing',
      from: orders,
      windows: tumbling(SIZE_MS),
      graceMs,
      onChange: (key, { startMs, value }, context) => context.emit(results, key, `${startMs}: ${value}`),
      outputs: [results],
    }),
    windowAggregate<Fact, number>({
      name: 'closing',
      from: beacons,
      windows: hopping(SIZE_MS, EVERY_MS),
      graceMs,
      serde: numberSerde,
      initial: 0,
      add: (sum, { id }) => sum + id,
      onClose: (key, { startMs, value }, context) =>
        context.emit(results, key, `${startMs} closed: ${value}`),
      outputs: [results],
    }),
  ]);
}

export function sessionCase(graceMs = GRACE_MS): Case {
  return oneStage('sessions', 'free', [
    sessions<Fact, number>({
      name: 'visits',
      from: orders,
      gapMs: GAP_MS,
      graceMs,
      serde: numberSerde,
      initial: 0,
      add: (sum, { id }) => sum + id,
      merge: (earlier, later) => earlier + later,
      onClose: (key, { startMs, endMs, value }, context) =>
        context.emit(results, key, `${startMs}-${endMs}: ${value}`),
      outputs: [results],
    }),
  ]);
}

export const aggregateCase = oneStage('aggregates', 'free', [
  aggregate<Fact, number>({
    name: 'sums',
    from: orders,
    serde: numberSerde,
    initial: 0,
    add: (sum, { id }) => sum + id,
    onChange: (key, value, context) => context.emit(results, key, String(value)),
    outputs: [results],
  }),
  count<Fact>({ name: 'counts', from: beacons }),
]);

export const deduplicateCase = oneStage('deduplicate', 'free', [
  deduplicate<Fact>({
    name: 'ids',
    from: orders,
    id: ({ id }, key) => `${key}/${id % 5}`,
    withinMs: 3_600_000,
    forward: ({ key, value }, context) => context.emit(results, key, String(value.id)),
    outputs: [results],
  }),
]);

const people = table(profiles);
const places = globalTable(shops);
const prices = versionedTable(profiles, { name: 'history', historyMs: 300, versions: 4 });

export const tableCase = oneStage('table-joins', 'arrival', [
  people,
  places,
  prices,
  tableJoin<Fact, Fact>({
    name: 'now',
    stream: orders,
    table: people,
    join: ({ key, value }, row, context) => context.emit(results, key, `${value.id} ${row.id}`),
    otherwise: ({ key, value }, context) => context.emit(results, key, `${value.id} nobody`),
    outputs: [results],
  }),
  globalJoin<Fact, Fact>({
    name: 'where',
    stream: orders,
    table: places,
    key: ({ value }) => `shop-${value.id % 2}`,
    join: ({ key, value }, row, context) => context.emit(results, key, `${value.id} in ${row.id}`),
    outputs: [results],
  }),
  asOfJoin<Fact, Fact>({
    name: 'then',
    stream: beacons,
    table: prices,
    join: ({ key, value }, row, context) => context.emit(results, key, `${value.id} then ${row.id}`),
    outputs: [results],
  }),
]);

const reminder: TimerDefinition = {
  name: 'reminder',
  stale: 'fire',
  onDue: ({ key, dueMs }, context) => context.emit(results, key, `reminded at ${dueMs}`),
};

/** Set, replaced and cancelled by records; every seventh record is poison behind its effects. */
export const timerCase = oneStage('timers', 'free', [
  stream(
    orders,
    ({ key, value }, context) => {
      context.emit(results, key, String(value.id));
      context.wakeAt(reminder, key, value.atMs + 200);
      if (value.id % 7 === 0) throw new Error('poison');
    },
    { timers: [reminder], outputs: [results] },
  ),
  stream(
    beacons,
    ({ key, value }, context) => {
      context.cancel(reminder, key);
      if (value.id % 7 === 0) context.deadLetter('unusable');
    },
    { byTime: true },
  ),
]);

/**
 * rekey -> window join -> table join -> count -> timers. The grace is above the whole input: one task that dies
 * often makes the records of the next stage come as late as that.
 */
export function chainCase(graceMs = 10 * GRACE_MS): Case {
  const regrouping = topology('regrouping', {
    order: 'free',
    parts: [
      stream(orders, ({ key, value }, context) => context.emit(regrouped, groupOf(key), value), {
        outputs: [regrouped],
      }),
    ],
  });
  const closing: TimerDefinition = {
    name: 'closing',
    stale: 'fire',
    onDue: ({ key }, context) => context.emit(results, key, `closed with ${pairs.get(context, key)}`),
  };
  const rows = table(profiles);
  const pairs = count<string>({
    name: 'pairs',
    onChange: (key, value, context) => {
      context.emit(counts, key, value);
      context.wakeAt(closing, key, END_OF_CHAIN_MS);
    },
    timers: [closing],
    outputs: [counts, results],
  });
  const joining = topology('joining', {
    order: 'free',
    parts: [
      rows,
      windowJoin<Fact, Fact>({
        name: 'near',
        left: regrouped,
        right: beacons,
        beforeMs: WITHIN_MS,
        afterMs: WITHIN_MS,
        graceMs,
        match: (key, left, right, context) => {
          const row = rows.get(context, key);
          context.emit(results, key, `${left.value.id}+${right.value.id} ${row?.id ?? 'nobody'}`);
          pairs.add(context, key, '');
        },
        onlyLeft: (key, left, context) => context.emit(results, key, `${left.value.id} alone`),
        outputs: [results],
      }),
      pairs,
    ],
  });
  const both = application('proof', [regrouping, joining]);
  return { name: 'chain', application: both, isTableFirst: true, hasStages: true };
}

/** Where the clock of all proofs begins. */
export const BEGIN_MS = Date.UTC(2026, 5, 1);
const END_OF_CHAIN_MS = BEGIN_MS + 4_000;

/** Orders come by customer and are joined by group. */
function groupOf(key: string): string {
  return key < 'c' ? 'a' : 'b';
}

/** A grace that the input's disorder goes beyond. */
export const SMALL_GRACE_MS = 60;

function withLate(proven: Case): Case {
  return { ...proven, name: `${proven.name}, some late` };
}

export const cases: readonly Case[] = [
  joinCase(),
  windowCase(),
  sessionCase(),
  withLate(joinCase(SMALL_GRACE_MS)),
  withLate(windowCase(SMALL_GRACE_MS)),
  withLate(sessionCase(SMALL_GRACE_MS)),
  aggregateCase,
  deduplicateCase,
  tableCase,
  timerCase,
  chainCase(),
];
