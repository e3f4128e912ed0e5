import type { Serde } from '../serde.ts';

/** A topic with the form of its values. Keys are plain UTF-8 text. */
export interface StreamTopic<T> {
  readonly name: string;
  /** A number, or `P`: the one count that all co-partitioned topics of an application share. */
  readonly partitions: 'P' | number;
  readonly serde: Serde<T>;
  /** When the fact happened, in ms; left out: when the log took the record in. */
  readonly eventTimeMs?: (value: T) => number;
  /**
   * Set on a topic that the engine creates and names for its application (`rekey`): `<application>.<name>`.
   */
  readonly internal?: { readonly retentionMs: number };
}

/** One value for each key. */
export interface KeyedStoreDefinition<V> {
  readonly kind: 'keyed';
  readonly name: string;
  readonly serde: Serde<V>;
}

/** Values by key and time, dropped whole by segment when they are older than the retention. */
export interface WindowStoreDefinition<V> {
  readonly kind: 'window';
  readonly name: string;
  readonly serde: Serde<V>;
  /** How long a value can be found, counted in stream time. */
  readonly retentionMs: number;
  /** The span that is dropped at once. */
  readonly segmentMs: number;
  /** False: decoded values are forgotten with each commit, where a key is seldom asked for again. True unless told. */
  readonly isCached?: boolean;
}

/** A table topic's latest values, whole in each process, read to its end before the first record. */
export interface GlobalStoreDefinition<V> {
  readonly kind: 'global';
  readonly name: string;
  readonly serde: Serde<V>;
  readonly topic: StreamTopic<V>;
}

// biome-ignore lint/suspicious/noExplicitAny: the engine moves values of every type without looking at them
export type Any = any;
export type StoreDefinition = KeyedStoreDefinition<Any> | WindowStoreDefinition<Any>;
export type AnyTopic = StreamTopic<Any>;
