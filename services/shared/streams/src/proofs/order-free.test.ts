import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { randomSchedule } from '../driver/index.ts';
import {
  aggregateCase,
  chainCase,
  EVERY_MS,
  GAP_MS,
  joinCase,
  SIZE_MS,
  SMALL_GRACE_MS,
  sessionCase,
  tableCase,
  WITHIN_MS,
  windowCase,
} from './cases.ts';
import { type Given, inputs, twoOrders } from './input.ts';
import { type Outcome, outcomeOf, unordered } from './outcome.ts';

const SEED = Number(process.env['SEED'] ?? 20_260_602);
const RUNS = Number(process.env['RUNS'] ?? 150);
const settings = { seed: SEED, numRuns: RUNS };

/** What a plain function over all records says, by `topic key`, sorted. */
type Model = Record<string, readonly string[]>;

function byKey(lines: readonly (readonly [key: string, value: string])[]): Model {
  const model: Record<string, string[]> = {};
  for (const [key, value] of lines) model[`results ${key}`] = [...(model[`results ${key}`] ?? []), value];
  return Object.fromEntries(Object.entries(model).map(([place, values]) => [place, values.sort()]));
}

function of(input: readonly Given[], topic: Given['topic']): readonly Given[] {
  return input.filter((given) => given.topic === topic);
}

function joined(input: readonly Given[]): Model {
  const [lefts, rights] = [of(input, 'orders'), of(input, 'beacons')];
  const matches = (left: Given, right: Given): boolean =>
    left.key === right.key &&
    right.fact.atMs >= left.fact.atMs - WITHIN_MS &&
    right.fact.atMs <= left.fact.atMs + WITHIN_MS / 2;
  const pairs = lefts.flatMap((left) =>
    rights
      .filter((right) => matches(left, right))
      .map((right) => [left.key, `${left.fact.id}+${right.fact.id}`] as const),
  );
  const onlyLeft = lefts.filter((left) => !rights.some((right) => matches(left, right)));
  const onlyRight = rights.filter((right) => !lefts.some((left) => matches(left, right)));
  return byKey([
    ...pairs,
    ...onlyLeft.map(({ key, fact }) => [key, `${fact.id}+`] as const),
    ...onlyRight.map(({ key, fact }) => [key, `+${fact.id}`] as const),
  ]);
}

function clustered(input: readonly Given[]): Model {
  const sorted = of(input, 'orders').toSorted((a, b) => a.fact.atMs - b.fact.atMs);
  const open = new Map<string, { startMs: number; endMs: number; sum: number }>();
  const all: { key: string; startMs: number; endMs: number; sum: number }[] = [];
  for (const { key, fact } of sorted) {
    let session = open.get(key);
    if (session === undefined || fact.atMs - session.endMs > GAP_MS) {
      session = { startMs: fact.atMs, endMs: fact.atMs, sum: 0 };
      open.set(key, session);
      all.push(Object.assign(session, { key }));
    }
    session.endMs = fact.atMs;
    session.sum += fact.id;
  }
  return byKey(all.map(({ key, startMs, endMs, sum }) => [key, `${startMs}-${endMs}: ${sum}`] as const));
}

function windowed(input: readonly Given[]): Model {
  const sums = new Map<string, number>();
  for (const { key, fact } of of(input, 'beacons')) {
    for (let start = fact.atMs - (fact.atMs % EVERY_MS); start > fact.atMs - SIZE_MS; start -= EVERY_MS) {
      sums.set(`${key} ${start}`, (sums.get(`${key} ${start}`) ?? 0) + fact.id);
    }
  }
  return byKey([...sums].map(([at, sum]) => [at.slice(0, 1), `${at.slice(2)} closed: ${sum}`] as const));
}

/** Results while a window is open depend on the order; the last one of each does not. */
function closedOnly({ outputs }: Outcome): Model {
  const kept = Object.entries(outputs).map(
    ([place, values]) => [place, values.filter((value) => value.includes('closed')).sort()] as const,
  );
  return Object.fromEntries(kept.filter(([, values]) => values.length > 0));
}

describe('operators with order: free', () => {
  it('window join: all pairs and all left over, whatever the order of arrival', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const outcome = outcomeOf(joinCase(), input);
        expect(unordered(outcome).outputs).toEqual(joined(input));
        expect(outcome.late).toEqual([]);
      }),
      settings,
    );
  });

  it('sessions: the same as of all records in the order of time', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const outcome = outcomeOf(sessionCase(), input);
        expect(unordered(outcome).outputs).toEqual(clustered(input));
        // Each key's sessions come in order.
        for (const values of Object.values(outcome.outputs)) expect(values).toEqual(values.toSorted());
      }),
      settings,
    );
  });

  it('windows that close: each once, with all of its records, per key in order', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const outcome = outcomeOf(windowCase(), input);
        expect(closedOnly(outcome)).toEqual(windowed(input));
        for (const values of Object.values(outcome.outputs)) {
          const closed = values.filter((value) => value.includes('closed'));
          expect(closed).toEqual(closed.toSorted());
        }
      }),
      settings,
    );
  });

  const freeCases = [joinCase(), sessionCase(), chainCase()];
  it.each(freeCases)(
    '$name: two orders of arrival, one of them with faults, end in the same',
    (proven) => {
      fc.assert(
        fc.property(twoOrders, fc.nat(), ([one, other], seed) => {
          const calm = unordered(outcomeOf(proven, one));
          const stormy = unordered(outcomeOf(proven, other, { schedule: randomSchedule(seed) }));
          expect(stormy.outputs).toEqual(calm.outputs);
          expect(stormy.late).toEqual([]);
        }),
        settings,
      );
    },
    60_000,
  );

  it('windows and aggregates: two orders of arrival end in the same stores', () => {
    fc.assert(
      fc.property(twoOrders, ([one, other]) => {
        for (const proven of [windowCase(), aggregateCase]) {
          expect(outcomeOf(proven, one).stores).toEqual(outcomeOf(proven, other).stores);
        }
      }),
      settings,
    );
  });

  const withLate = [
    { name: 'sessions', proven: sessionCase(SMALL_GRACE_MS), model: clustered },
    { name: 'window join', proven: joinCase(SMALL_GRACE_MS), model: joined },
  ];
  it.each(withLate)('$name with a small grace: on time or late, once; late ones are in no result', (each) => {
    fc.assert(
      fc.property(inputs, fc.nat(), (input, seed) => {
        const outcome = outcomeOf(each.proven, input, { schedule: randomSchedule(seed) });
        const late = outcome.late.map((line) => Number(line.split(' ')[1]));
        expect(new Set(late).size).toBe(late.length);
        const onTime = input.filter(({ fact }) => !late.includes(fact.id));
        expect(unordered(outcome).outputs).toEqual(each.model(onTime));
      }),
      settings,
    );
  });
});

describe('joins with tables, order: arrival', () => {
  it('give each record its effects once, whatever the faults and the order in which inputs are taken', () => {
    fc.assert(
      fc.property(inputs, fc.nat(), (input, seed) => {
        const { effects } = outcomeOf({ ...tableCase, inOrder: false }, input, {
          schedule: randomSchedule(seed),
        });
        const ofOrders = Object.entries(effects).filter(([origin]) => origin.startsWith('orders/'));
        expect(ofOrders).toHaveLength(of(input, 'orders').length);
        for (const [, outputs] of ofOrders) expect(outputs).toBe(2);
      }),
      settings,
    );
  });
});
