import { type DriveOptions, type Driver, drive } from '../driver/index.ts';
import type { StoreDefinition, StreamTopic } from '../index.ts';
import { BEGIN_MS, type Case } from './cases.ts';
import type { Given } from './input.ts';
import { type Fact, inputsByName, shops } from './topics.ts';

/** All that a run leaves behind. */
export interface Outcome {
  /** By topic and key, in order. */
  readonly outputs: Readonly<Record<string, readonly string[]>>;
  readonly stores: Readonly<Record<string, readonly string[]>>;
  readonly timers: readonly string[];
  readonly deadLetters: readonly string[];
  /** By stage, with the ids of the facts. */
  readonly late: readonly string[];
  /** Of `order: arrival`: how many outputs name this input. */
  readonly effects: Readonly<Record<string, number>>;
}

export interface RunOptions extends Pick<DriveOptions, 'schedule' | 'flaw'> {
  /** Lets all timers fire at the end; left out: yes. */
  readonly isEnded?: boolean;
}

export function outcomeOf(proven: Case, input: readonly Given[], options: RunOptions = {}): Outcome {
  const { isEnded = true, ...drivenBy } = options;
  const driver = drive(proven.application, { partitions: 2, nowMs: BEGIN_MS, ...drivenBy });
  const parts = proven.application.topologies.flatMap((each) => each.parts);
  if (parts.some(({ globals = [] }) => globals.length > 0)) {
    for (const id of [0, 1]) driver.pipe(shops, `shop-${id}`, { id, atMs: BEGIN_MS });
  }
  const known = new Set(parts.flatMap((part) => part.inputs ?? []).map((each) => each.topic));
  for (const { topic, key, fact, arrivalMs, endsBatch } of arranged(proven, input)) {
    if (!known.has(inputsByName[topic])) continue;
    driver.queue(inputsByName[topic], key, fact, arrivalMs);
    if (endsBatch || proven.inOrder) driver.run();
  }
  driver.run();
  if (isEnded) driver.advance(20_000);
  return lookAt(proven, driver);
}

function arranged({ isTableFirst = false }: Case, input: readonly Given[]): readonly Given[] {
  if (!isTableFirst) return input;
  // The order of a table's rows is part of what is given.
  const rows = input.filter(({ topic }) => topic === 'profiles').toSorted((a, b) => a.fact.id - b.fact.id);
  const others = input.filter(({ topic }) => topic !== 'profiles');
  return [...rows.map((row) => ({ ...row, endsBatch: true })), ...others];
}

function lookAt({ application }: Case, driver: Driver): Outcome {
  const parts = application.topologies.flatMap((each) => each.parts);
  const written = new Set(parts.flatMap((part) => part.outputs ?? []));
  const outputs: Record<string, string[]> = {};
  const effects: Record<string, number> = {};
  for (const topic of written) {
    if (topic.internal !== undefined) continue;
    for (const { key, value, headers } of driver.read(topic)) {
      const place = `${topic.name} ${key}`;
      outputs[place] = [...(outputs[place] ?? []), String(value)];
      const origin = headers['zt-origin'];
      if (origin !== undefined) effects[String(origin)] = (effects[String(origin)] ?? 0) + 1;
    }
  }
  const stores = new Set<StoreDefinition>(parts.flatMap((part) => part.stores ?? []));
  return {
    outputs,
    stores: Object.fromEntries([...stores].map((store) => [store.name, contentOf(driver, store)])),
    timers: driver.timers().map(({ name, key, dueMs }) => `${name} ${key} ${dueMs}`),
    deadLetters: driver
      .deadLetters()
      .map(({ stage, key, offset, reason }) => `${stage} ${key} ${offset} ${reason}`)
      .sort(),
    late: lateOf(driver, new Set(parts.flatMap((part) => part.inputs ?? []).map(({ topic }) => topic))),
    effects,
  };
}

function lateOf(driver: Driver, inputs: ReadonlySet<StreamTopic<Fact>>): readonly string[] {
  const ids = new Map<string, number | undefined>();
  for (const topic of inputs) {
    for (const { partition, offset, value } of driver.read(topic)) {
      // Late records name a topic as the log does.
      const name = topic.internal === undefined ? topic.name : `proof.${topic.name}`;
      ids.set(`${name}/${partition}/${offset}`, value?.id);
    }
  }
  return driver
    .late()
    .map(({ stage, topic, partition, offset }) => `${stage} ${ids.get(`${topic}/${partition}/${offset}`)}`)
    .sort();
}

/** An entry that waits for a match: key, 0, close, offset. */
const OFFSET_IN_KEY = /(\\u0000\d{16})\d{16}/;

/** Without offsets: an aborted transaction takes some, so they differ from run to run. */
function contentOf(driver: Driver, { name, kind }: StoreDefinition): readonly string[] {
  const store = driver.store<unknown>(name);
  if (kind === 'keyed')
    return store.entries().map((entry) => JSON.stringify(entry).replace(OFFSET_IN_KEY, '$1'));
  return store
    .windows()
    .map(({ key, timeMs, value }) => JSON.stringify([key, timeMs, value]))
    .sort();
}

/** The outputs of each key in no order: for stages whose inputs interleave in one way or another. */
export function unordered(outcome: Outcome): Outcome {
  const outputs = Object.entries(outcome.outputs).map(([place, values]) => [place, values.toSorted()]);
  return { ...outcome, outputs: Object.fromEntries(outputs) };
}
