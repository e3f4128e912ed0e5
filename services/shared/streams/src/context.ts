import type {
  AnyTopic,
  GlobalStoreDefinition,
  KeyedStoreDefinition,
  StreamTopic,
  WindowStoreDefinition,
} from './topology/definitions.ts';

/** Values are shared with the engine's cache: never change one, put a new one. */
export interface KeyedStore<V> {
  get(key: string): V | undefined;
  put(key: string, value: V): void;
  delete(key: string): void;
  /** Entries with from <= key < to, in the order of the keys' bytes. Do not write to the store while reading it. */
  range(from?: string, to?: string): Iterable<readonly [key: string, value: V]>;
}

export interface WindowEntry<V> {
  readonly timeMs: number;
  /** Tells values of one key and time apart. */
  readonly sequence: number;
  readonly value: V;
}

export interface WindowStore<V> {
  get(key: string, timeMs: number, sequence?: number): V | undefined;
  /** False when the time is older than the retention: then nothing is stored. */
  put(key: string, timeMs: number, value: V, sequence?: number): boolean;
  delete(key: string, timeMs: number, sequence?: number): void;
  /** A key's entries with fromMs <= time <= toMs, in the order of time and sequence. */
  fetch(key: string, fromMs: number, toMs: number): Iterable<WindowEntry<V>>;
}

/** Read only; a record finds at least what the task's last commit saw. */
export interface GlobalStore<V> {
  get(key: string): V | undefined;
}

/** A timer as its part names it. */
export interface TimerName {
  readonly name: string;
}

/**
 * What timers and records may do. Everything goes into the task's write buffer and becomes visible with the
 * transaction; what a record did is taken back when its handler throws or calls `deadLetter`.
 */
export interface TimerContext {
  readonly partition: number;
  /** The topology's stream time: the largest min(event time, ingest time) that this task has seen. */
  readonly streamTimeMs: number;
  store<V>(definition: KeyedStoreDefinition<V>): KeyedStore<V>;
  window<V>(definition: WindowStoreDefinition<V>): WindowStore<V>;
  global<V>(definition: GlobalStoreDefinition<V>): GlobalStore<V>;
  /** @throws when the topic is not an output of the topology, or the value cannot be encoded. */
  emit<T>(topic: StreamTopic<T>, key: string, value: T): void;
  /** A tombstone on a table topic. */
  emitTombstone(topic: AnyTopic, key: string): void;
  /** The record's bytes as they are, to the same partition number when `samePartition` says so. */
  emitBytes(topic: AnyTopic, key: string, bytes: Buffer, options?: EmitOptions): void;
  /** Replaces an earlier timer of the same name and key. One that is due already fires behind this record. */
  wakeAt(timer: TimerName, key: string, dueMs: number): void;
  cancel(timer: TimerName, key: string): void;
  /** The topology chose not to use it: counted by reason. */
  drop(reason: string): void;
}

export interface EmitOptions {
  readonly partition?: number;
  /** Left out: the input's ingest time. */
  readonly timestampMs?: number;
  /** `input`: those of the record in hand, as they came. */
  readonly headers?: 'input' | readonly (readonly [name: string, value: Buffer])[];
}

export interface Context extends TimerContext {
  /**
   * The record cannot be used: its effects are taken back and it goes to the dead letters. The reason is a stable
   * code (a metric's label), the message a sentence for people.
   */
  deadLetter(reason: string, message?: string): void;
  /** The record is later than the grace allows: it goes to the topic `late`, its effects so far stay. */
  late(latenessMs: number): void;
}
