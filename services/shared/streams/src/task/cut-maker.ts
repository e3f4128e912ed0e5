import type { OutRecord } from '../log-port.ts';
import type { KeyedChange, WindowChange } from '../store/local-state.ts';
import { encodeWindowKey } from '../store/window-key.ts';
import { positionTopic, storeLayouts, topicName } from '../topology/names.ts';
import { shapeOf } from '../topology/shape.ts';
import type { Effects } from './effects.ts';
import type { KeyedBuffer } from './keyed-buffer.ts';
import type { TaskOptions } from './options.ts';
import { POSITION_KEY } from './position.ts';
import type { RoutedInput } from './routes.ts';
import type { TopologyRun } from './topology-run.ts';
import type { Cut, Position } from './types.ts';
import type { WindowBuffer } from './window-buffer.ts';

type WindowEntries = (WindowChange['entries'] extends Iterable<infer Entry> ? Entry : never)[];

/** Makes of a task's write buffers what one transaction carries, and of a committed one the local state. */
export class CutMaker {
  readonly #options: TaskOptions;
  readonly #runs: readonly TopologyRun[];
  readonly #inputs: readonly RoutedInput[];
  readonly #effects: Effects;
  readonly #changelogs: ReadonlyMap<string, string>;
  readonly #globals: readonly string[];
  readonly #shapes: Readonly<Record<string, string>>;
  readonly #topics: Readonly<Record<string, string>>;
  readonly #leftBehind: Readonly<Record<string, Record<string, number>>>;
  #nowMs = 0;

  constructor(
    options: TaskOptions,
    runs: readonly TopologyRun[],
    inputs: readonly RoutedInput[],
    effects: Effects,
  ) {
    const { application, position } = options;
    this.#options = options;
    this.#runs = runs;
    this.#inputs = inputs;
    this.#effects = effects;
    this.#changelogs = new Map(storeLayouts(application).map(({ store, changelog }) => [store, changelog]));
    const globals = application.topologies
      .flatMap((each) => each.parts)
      .flatMap((part) => part.globals ?? []);
    this.#globals = [...new Set(globals.map(({ topic }) => topicName(application.name, topic)))];
    const present = application.topologies.map((each) => [each.name, shapeOf(each)]);
    this.#topics = { ...position?.topics, ...Object.fromEntries(options.identities ?? []) };
    this.#leftBehind = leftBehind(options);
    this.#shapes = { ...position?.shapes, ...Object.fromEntries(present) };
  }

  /** A topology or a topic is another one than the last commit says. */
  get isNewShape(): boolean {
    const { position } = this.#options;
    return differs(this.#shapes, position?.shapes) || differs(this.#topics, position?.topics);
  }

  make(nowMs: number, records: number): Cut {
    this.#nowMs = nowMs;
    const keyed: KeyedChange[] = [];
    const windows: WindowChange[] = [];
    const changelogs: OutRecord[] = [];
    for (const run of this.#runs) {
      for (const store of run.keyed) this.#addKeyed(store, keyed, changelogs);
      for (const store of run.windows) this.#addWindow(store, windows, changelogs);
      if (run.timers !== null && this.#addKeyed(run.timers.index, keyed, changelogs)) {
        keyed.push({ store: run.timers.byDueStore, entries: run.timers.orderChanges() });
      }
    }
    const bytes = this.#effects.bytes;
    const from = this.#options.state.mark?.sequence ?? 0;
    const outputs = this.#effects.take();
    return {
      outputs,
      changelogs,
      position: this.#position(),
      change: { from, keyed, windows },
      records,
      bytes,
    };
  }

  apply({ change, changelogs }: Cut, ends: ReadonlyMap<string, number>): void {
    const { state, partition } = this.#options;
    const marked: Record<string, number> = { ...state.mark?.changelogs };
    for (const topic of new Set(changelogs.map((record) => record.topic))) {
      const end = ends.get(`${topic}/${partition}`);
      if (end !== undefined) marked[topic] = end;
    }
    // Without stores there is nothing to keep, and no time to spend on it.
    if (this.#changelogs.size > 0)
      state.apply({
        ...change,
        mark: { ...state.mark, sequence: change.from + 1, changelogs: marked, atEndMs: this.#nowMs },
      });
    const dropped = new Map(change.windows.map(({ store, dropBeforeMs }) => [store, dropBeforeMs]));
    for (const run of this.#runs) {
      for (const store of run.keyed) store.applied();
      for (const store of run.windows) store.applied(dropped.get(store.store));
      run.timers?.applied();
    }
  }

  #addKeyed(
    store: KeyedBuffer<unknown> | KeyedBuffer<number>,
    keyed: KeyedChange[],
    changelogs: OutRecord[],
  ): boolean {
    const writes = store.writes();
    if (writes.length === 0) return false;
    const topic = this.#changelogOf(store.store);
    const entries: (readonly [string, Buffer | null])[] = [];
    for (const { key, keyBytes, bytes } of writes) {
      entries.push([key, bytes]);
      changelogs.push(this.#record(topic, keyBytes ?? Buffer.from(key), bytes));
    }
    keyed.push({ store: store.store, entries });
    return true;
  }

  #addWindow(store: WindowBuffer<unknown>, windows: WindowChange[], changelogs: OutRecord[]): void {
    const writes = store.writes();
    const { dropBeforeMs, segmentMs } = store;
    if (writes.length === 0 && dropBeforeMs === undefined) return;
    const topic = this.#changelogOf(store.store);
    const entries: WindowEntries = [];
    for (const { key, timeMs, sequence, bytes } of writes) {
      entries.push({ key, timeMs, sequence, value: bytes });
      changelogs.push(this.#record(topic, encodeWindowKey(key, timeMs, sequence), bytes));
    }
    const dropped = dropBeforeMs === undefined ? {} : { dropBeforeMs };
    windows.push({ store: store.store, segmentMs, entries, ...dropped });
  }

  #changelogOf(store: string): string {
    return this.#changelogs.get(store) ?? store;
  }

  #record(topic: string, key: Buffer, value: Buffer | null): OutRecord {
    return { topic, partition: this.#options.partition, key, value, timestampMs: this.#nowMs };
  }

  #position(): OutRecord {
    const { application, partition, position, globals } = this.#options;
    const times = this.#runs.map(({ name, streamTimeMs, ingestTimeMs }) => [
      name,
      { streamTimeMs, ingestTimeMs },
    ]);
    const value: Position = {
      // What a topology that is gone has left stays, until a reset.
      inputs: {
        ...position?.inputs,
        ...Object.fromEntries(this.#inputs.map(({ queue }) => [queue.topic, queue.position])),
      },
      globals: Object.fromEntries(this.#globals.map((topic) => [topic, globals(topic).offsets()])),
      times: { ...position?.times, ...Object.fromEntries(times) },
      shapes: this.#shapes,
      ...(Object.keys(this.#topics).length === 0 ? {} : { topics: this.#topics }),
      ...this.#from(),
    };
    return {
      topic: positionTopic(application.name),
      partition,
      key: POSITION_KEY,
      value: Buffer.from(JSON.stringify(value)),
      timestampMs: this.#nowMs,
    };
  }

  #from(): Pick<Position, 'from'> {
    const from: Record<string, Record<string, number>> = { ...this.#leftBehind };
    for (const { queue, routes } of this.#inputs) {
      for (const { run, from: begins } of routes) {
        if (begins <= queue.position) continue;
        from[run.name] = { ...from[run.name], [queue.topic]: begins };
      }
    }
    return Object.keys(from).length === 0 ? {} : { from };
  }
}

function differs(
  present: Readonly<Record<string, string>>,
  known: Readonly<Record<string, string>> | undefined,
): boolean {
  return Object.entries(present).some(([name, value]) => known?.[name] !== value);
}

/** Where topologies stood that are gone: others read on, and they may come back. */
function leftBehind({ application, position }: TaskOptions): Record<string, Record<string, number>> {
  const present = new Set(application.topologies.map(({ name }) => name));
  const gone = Object.keys(position?.shapes ?? {}).filter((name) => !present.has(name));
  return Object.fromEntries(gone.map((name) => [name, { ...(position?.from?.[name] ?? position?.inputs) }]));
}
