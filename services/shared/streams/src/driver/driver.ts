import type { OutRecord } from '../log-port.ts';
import type { Letter } from '../task/types.ts';
import { internalTopics, topicName } from '../topology/names.ts';
import type { AnyTopic, Application, StreamTopic, Topology } from '../topology/types.ts';
import { DrivenTask, type DrivenTaskParts, type Flaw } from './driven-task.ts';
import { DriverLog, partitionOf } from './driver-log.ts';
import { FollowedTable } from './followed-table.ts';
import { frozenApplication } from './frozen.ts';
import { calmSchedule, type Fault, type FaultStep, type Schedule } from './schedule.ts';
import { type DrivenStore, openStore, type PendingTimer, pendingTimers } from './state-view.ts';

export interface DriveOptions {
  /** P, of every co-partitioned topic; left out: 1. */
  readonly partitions?: number;
  /** Where the clock begins. */
  readonly nowMs?: number;
  /** When commits and faults happen; left out: a commit after each call, no fault. */
  readonly schedule?: Schedule;
  /** For proofs of the proof: a guarantee that is not kept. */
  readonly flaw?: Flaw;
}

export interface DrivenRecord<T> {
  readonly key: string;
  /** Null is a tombstone. */
  readonly value: T | null;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly headers: Readonly<Record<string, Buffer>>;
}

/** What was set aside, without its bytes. */
export type DrivenLetter = Pick<
  Letter,
  'topology' | 'stage' | 'topic' | 'partition' | 'offset' | 'reason' | 'message'
> & {
  readonly key: string;
  /** Of late records. */
  readonly latenessMs?: number;
};

/**
 * Runs topologies in memory and at once: a call returns when all that it caused is committed. The clock moves only
 * when told. The tasks are those of production; values are frozen, so that a handler that changes one is caught.
 */
export interface Driver {
  readonly nowMs: number;
  /**
   * Puts a record into the log with this time as its ingest time, and the clock to it if it is later. Null is a
   * tombstone. The event time is what the topic reads from the value.
   */
  pipe<T>(topic: StreamTopic<T>, key: string, value: T | null, atMs?: number): void;
  /** A value that the topic's serde might not read. */
  pipeBytes(topic: AnyTopic, key: string, bytes: Buffer, atMs?: number): void;
  /** As `pipe`, but nothing runs before `run`: for records that wait when a task opens. */
  queue<T>(topic: StreamTopic<T>, key: string, value: T | null, atMs?: number): void;
  run(): void;
  /** Lets time pass with nothing coming: idle topologies follow the clock. */
  advance(ms: number): void;
  /** What was committed to a topic since it was last read, in the order of its partitions. */
  read<T>(topic: StreamTopic<T>): readonly DrivenRecord<T>[];
  /** A keyed or window store as it is committed, over all partitions. `topology.store` where two have that name. */
  store<V>(name: string): DrivenStore<V>;
  timers(): readonly PendingTimer[];
  deadLetters(): readonly DrivenLetter[];
  late(): readonly DrivenLetter[];
  /** The next time that a task comes to this step, its owner dies there and another takes over. */
  crashAt(step: FaultStep, fault?: Fault): void;
  /**
   * Stops all tasks and goes on with another version of the application, on the same log and without local state.
   *
   * @throws when it cannot read what the former version stored.
   */
  redeploy(next: Topology | Application): void;
}

const DEAD_LETTERS = 'driver.dead-letter';
const LATE = 'driver.late';
/** 2026-01-01: any time does that is not near zero, where grace and retention would reach before it. */
const BEGINNING_MS = 1_767_225_600_000;
/** However long the advance, idle time is looked at so often. */
const IDLE_LOOKS = 600;

export function drive(driven: Topology | Application, options: DriveOptions = {}): Driver {
  return new MemoryDriver(applicationOf(driven), options);
}

function applicationOf(driven: Topology | Application): Application {
  return 'topologies' in driven ? driven : { name: driven.name, topologies: [driven] };
}

class MemoryDriver implements Driver {
  nowMs: number;
  #application: Application;
  readonly #partitions: number;
  readonly #log = new DriverLog();
  #tasks: readonly DrivenTask[];
  #tables: ReadonlyMap<string, FollowedTable>;
  readonly #crashes: { readonly step: FaultStep; readonly fault: Fault }[] = [];
  readonly #read = new Map<string, number>();

  readonly #options: DriveOptions;

  constructor(application: Application, options: DriveOptions) {
    const { partitions = 1, nowMs = BEGINNING_MS } = options;
    this.#application = application;
    this.#options = options;
    this.#partitions = partitions;
    this.nowMs = nowMs;
    this.#createTopics();
    this.#tables = this.#followTables();
    this.#tasks = this.#createTasks();
  }

  redeploy(next: Topology | Application): void {
    this.#application = applicationOf(next);
    this.#createTopics();
    this.#tables = this.#followTables();
    this.#tasks = this.#createTasks();
    this.run();
  }

  #createTasks(): readonly DrivenTask[] {
    const { schedule = calmSchedule, flaw } = this.#options;
    const parts: DrivenTaskParts = {
      application: frozenApplication(this.#application),
      partitions: this.#partitions,
      log: this.#log,
      schedule: {
        ...schedule,
        fault: (step, partition) => this.#takeCrash(step) ?? schedule.fault(step, partition),
      },
      flaw,
      globals: (topic) => this.#table(topic),
      deadLetter: (letter) => letterRecord(DEAD_LETTERS, letter),
      late: (letter) => letterRecord(LATE, letter),
      clock: () => this.nowMs,
    };
    return Array.from({ length: this.#partitions }, (_, partition) => new DrivenTask(partition, parts));
  }

  pipe<T>(topic: StreamTopic<T>, key: string, value: T | null, atMs?: number): void {
    this.queue(topic, key, value, atMs);
    this.run();
  }

  pipeBytes(topic: AnyTopic, key: string, bytes: Buffer, atMs?: number): void {
    this.#append(topic, key, bytes, atMs);
    this.run();
  }

  queue<T>(topic: StreamTopic<T>, key: string, value: T | null, atMs?: number): void {
    this.#append(topic, key, value === null ? null : topic.serde.encode(value), atMs);
  }

  run(): void {
    this.#settle((task) => task.step());
  }

  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    const lookMs = Math.max(1000, Math.ceil(ms / IDLE_LOOKS));
    while (this.nowMs < untilMs) {
      this.nowMs = Math.min(untilMs, this.nowMs + lookMs);
      this.#settle((task) => {
        this.#idle(task);
        return task.step();
      });
    }
  }

  #settle(step: (task: DrivenTask) => boolean): void {
    let progressed = true;
    while (progressed) {
      for (const table of this.#tables.values()) table.follow();
      progressed = false;
      for (const task of this.#tasks) if (step(task)) progressed = true;
    }
  }

  read<T>(topic: StreamTopic<T>): readonly DrivenRecord<T>[] {
    const name = topicName(this.#application.name, topic);
    return this.#log.partitions(name).flatMap((committed, partition) => {
      const place = `${name}/${partition}`;
      const from = this.#read.get(place) ?? 0;
      this.#read.set(place, committed.stableEnd);
      return this.#log
        .page({ topic: name, partition }, from, Number.POSITIVE_INFINITY)
        .records.map((record) => ({
          ...record,
          partition,
          key: String(record.key),
          value: record.value === null ? null : topic.serde.decode(record.value),
        }));
    });
  }

  store<V>(name: string): DrivenStore<V> {
    return openStore(this.#application, name, () => this.#tasks.map((task) => task.state));
  }

  timers(): readonly PendingTimer[] {
    return pendingTimers(
      this.#application,
      this.#tasks.map((task) => task.state),
    );
  }

  deadLetters(): readonly DrivenLetter[] {
    return this.#letters(DEAD_LETTERS);
  }

  late(): readonly DrivenLetter[] {
    return this.#letters(LATE);
  }

  crashAt(step: FaultStep, fault: Fault = {}): void {
    this.#crashes.push({ step, fault });
  }

  #takeCrash(step: FaultStep): Fault | null {
    const at = this.#crashes.findIndex((each) => each.step === step);
    return at < 0 ? null : (this.#crashes.splice(at, 1)[0]?.fault ?? null);
  }

  #append(topic: AnyTopic, key: string, value: Buffer | null, atMs = this.nowMs): void {
    this.nowMs = Math.max(this.nowMs, atMs);
    const name = topicName(this.#application.name, topic);
    const bytes = Buffer.from(key);
    const partition = partitionOf(bytes, this.#log.partitions(name).length);
    this.#log.append({ topic: name, partition, key: bytes, value, timestampMs: atMs });
  }

  /** The inputs stand at their ends for as long as the topology says: its time goes with the clock. */
  #idle(task: DrivenTask): void {
    for (const { name, idleMs } of this.#application.topologies) {
      if (idleMs !== null && this.nowMs - task.busyMs >= idleMs) task.task.idleUntil(name, this.nowMs);
    }
  }

  #createTopics(): void {
    const { name, topologies } = this.#application;
    const parts = topologies.flatMap((each) => each.parts);
    const topics = parts.flatMap((part) => [
      ...(part.inputs ?? []).map((input) => input.topic),
      ...(part.outputs ?? []),
      ...(part.globals ?? []).map((global) => global.topic),
    ]);
    for (const topic of internalTopics(this.#application, this.#partitions)) {
      this.#log.ensureTopic(topic.name, topic.partitions);
    }
    for (const topic of topics) {
      this.#log.ensureTopic(
        topicName(name, topic),
        topic.partitions === 'P' ? this.#partitions : topic.partitions,
      );
    }
    for (const topic of [DEAD_LETTERS, LATE]) this.#log.ensureTopic(topic, 1);
  }

  #followTables(): ReadonlyMap<string, FollowedTable> {
    const globals = this.#application.topologies
      .flatMap((each) => each.parts)
      .flatMap((part) => part.globals ?? []);
    const names = new Set(globals.map(({ topic }) => topicName(this.#application.name, topic)));
    return new Map([...names].map((topic) => [topic, new FollowedTable(this.#log, topic)]));
  }

  #table(topic: string): FollowedTable {
    return this.#tables.get(topic) ?? new FollowedTable(this.#log, topic);
  }

  #letters(topic: string): readonly DrivenLetter[] {
    return this.#log.committed(topic).map(({ value }) => JSON.parse(String(value)));
  }
}

function letterRecord(target: string, letter: Letter & { readonly latenessMs?: number }): OutRecord {
  const { topology, stage, topic, partition, offset, reason, message, latenessMs, timestampMs } = letter;
  const key = String(letter.key);
  const told: DrivenLetter = {
    ...{ topology, stage, topic, partition, offset, reason, message, key },
    ...(latenessMs === undefined ? {} : { latenessMs }),
  };
  return {
    topic: target,
    partition: 0,
    key: letter.key,
    value: Buffer.from(JSON.stringify(told)),
    timestampMs,
  };
}
