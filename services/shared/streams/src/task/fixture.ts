import type { LogRecord, OutRecord } from '../log-port.ts';
import type { Serde } from '../serde.ts';
import type { LocalState } from '../store/local-state.ts';
import { createMemoryState } from '../store/memory-state.ts';
import { inputTopics, storeLayouts, topicName } from '../topology/names.ts';
import { application, topology } from '../topology/topology.ts';
import type {
  AnyTopic,
  Application,
  Handler,
  KeyedStoreDefinition,
  Part,
  StreamTopic,
} from '../topology/types.ts';
import { createTask } from './create-task.ts';
import type { TaskOptions } from './options.ts';
import { parsePosition } from './position.ts';
import { restoredChange } from './restore.ts';
import type { Cut, LateLetter, Letter, Position, Task } from './types.ts';

/** What the tests of the task share: a log of one partition in memory, and a task that can be lost and opened again. */

export const jsonSerde: Serde<unknown> = {
  name: 'json',
  encode(value) {
    if (value === undefined) throw new Error('no value');
    return Buffer.from(JSON.stringify(value));
  },
  decode: (bytes) => JSON.parse(bytes.toString()),
};

export function jsonTopic<T>(name: string, more: Partial<StreamTopic<T>> = {}): StreamTopic<T> {
  return { name, partitions: 'P', serde: jsonSerde as Serde<T>, ...more };
}

/** A part with one input. */
export function streamPart<T>(topic: StreamTopic<T>, handle: Handler<T>, more: Partial<Part> = {}): Part {
  const name = more.name ?? `from-${topic.name}`;
  return { name, operator: 'stream', inputs: [{ topic, kind: 'stream', stage: name, handle }], ...more };
}

export function keyedStore<V>(name: string): KeyedStoreDefinition<V> {
  return { kind: 'keyed', name, serde: jsonSerde as Serde<V> };
}

/** An application of one topology. */
export function shop(...parts: readonly Part[]): Application {
  return application('app', [topology('shop', { order: 'free', parts })]);
}

export interface Sent {
  readonly key: string | null;
  readonly value?: unknown;
  /** Instead of a value. */
  readonly bytes?: Buffer | null;
  readonly atMs?: number;
  readonly headers?: Record<string, Buffer>;
}

export class TaskFixture {
  readonly application: Application;
  readonly logs = new Map<string, LogRecord[]>();
  readonly committed: OutRecord[] = [];
  readonly letters: Letter[] = [];
  readonly lateLetters: LateLetter[] = [];
  readonly observed: string[] = [];
  state: LocalState = createMemoryState();
  position: Position | null = null;
  task: Task;
  nowMs = 1_000_000;
  readonly #options: Partial<TaskOptions>;

  constructor(application: Application, options: Partial<TaskOptions> = {}) {
    this.application = application;
    this.#options = options;
    this.task = this.open();
  }

  /** Opens the task where the last commit stands; what was not committed is gone. */
  open(application = this.application): Task {
    const ends = inputTopics(application).map(
      (topic) => [topic, { earliest: 0, end: this.log(topic).length }] as const,
    );
    this.task = createTask({
      application,
      partition: 0,
      partitions: 1,
      partitionOf: () => 0,
      state: this.state,
      globals: () => ({ get: () => undefined, offsets: () => [] }),
      position: this.position,
      bounds: new Map(ends),
      deadLetter: (letter) => {
        this.letters.push(letter);
        return { topic: 'dead-letter', partition: 0, key: letter.key, value: letter.value, timestampMs: 0 };
      },
      late: (letter) => {
        this.lateLetters.push(letter);
        return { topic: 'late', partition: 0, key: letter.key, value: letter.value, timestampMs: 0 };
      },
      observe: {
        processed: () => undefined,
        dropped: (topology, reason) => this.observed.push(`${topology} dropped ${reason}`),
        late: (topology) => this.observed.push(`${topology} late`),
        deadLettered: (topology, stage, reason) => this.observed.push(`${topology} ${stage} dead ${reason}`),
        fired: (topology) => this.observed.push(`${topology} fired`),
        suppressed: (topology) => this.observed.push(`${topology} suppressed`),
      },
      ...this.#options,
    });
    return this.task;
  }

  log(topic: string): LogRecord[] {
    const found = this.logs.get(topic) ?? [];
    this.logs.set(topic, found);
    return found;
  }

  /** Appends to an input. */
  send(topic: AnyTopic, ...records: readonly Sent[]): void {
    const log = this.log(topicName(this.application.name, topic));
    for (const { key, value, bytes, atMs = this.nowMs, headers = {} } of records) {
      const encoded = bytes === undefined ? jsonSerde.encode(value) : bytes;
      log.push({
        offset: log.length,
        timestampMs: atMs,
        key: key === null ? null : Buffer.from(key),
        value: encoded,
        headers,
      });
    }
  }

  /** Hands over what the inputs hold from where the task stands. */
  fetch(...topics: readonly string[]): void {
    for (const topic of topics.length === 0 ? inputTopics(this.application) : topics) {
      const log = this.log(topic);
      const from = this.task.positions().get(topic) ?? 0;
      this.task.receive(topic, {
        records: log.slice(from),
        nextOffset: log.length,
        highWatermark: log.length,
      });
    }
  }

  /** Fetches, works until nothing is left, and commits. */
  run(limit = Number.POSITIVE_INFINITY): Cut | null {
    this.fetch();
    this.task.work(limit);
    return this.commit();
  }

  commit(): Cut | null {
    const cut = this.task.cut(this.nowMs);
    if (cut === null) return null;
    this.append(cut);
    this.task.applied(cut, this.ends());
    return cut;
  }

  /** The transaction alone: what a crash between commit and apply leaves. */
  append(cut: Cut): void {
    for (const record of [...cut.outputs, ...cut.changelogs]) {
      this.committed.push(record);
      const log = this.log(record.topic);
      log.push({ ...record, offset: log.length, headers: Object.fromEntries(record.headers ?? []) });
    }
    if (cut.position.value !== null) this.position = parsePosition(cut.position.value);
  }

  /** Follows the changelogs from where the local state stands, as an owner does before it opens the task. */
  restore(): void {
    for (const layout of storeLayouts(this.application)) {
      const from = this.state.mark?.sequence ?? 0;
      const changelogs: Readonly<Record<string, number>> = this.state.mark?.changelogs ?? {};
      const log = this.log(layout.changelog);
      const change = restoredChange(layout, log.slice(changelogs[layout.changelog] ?? 0), this.state);
      const mark = {
        sequence: from + 1,
        changelogs: { ...changelogs, [layout.changelog]: log.length },
        atEndMs: 0,
      };
      this.state.apply({ from, mark, ...change });
    }
  }

  ends(): ReadonlyMap<string, number> {
    return new Map([...this.logs].map(([topic, log]) => [`${topic}/0`, log.length]));
  }

  /** Committed records of an output, as `key=value`. */
  read(topic: string): readonly string[] {
    return this.committed
      .filter((record) => record.topic === topic)
      .map(({ key, value }) => `${key}=${value === null ? null : value.toString()}`);
  }
}
