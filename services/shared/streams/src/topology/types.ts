import type { Context, TimerContext } from '../context.ts';
import type { Any, AnyTopic, GlobalStoreDefinition, StoreDefinition } from './definitions.ts';

export type * from './definitions.ts';

/**
 * An input record; `value` is decoded when first asked for. The object serves one record after the other, so a
 * handler may keep what it reads from it, but not the object itself.
 */
export interface InputRecord<T> {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  /** Never change it: written on under the same serde, it goes as the bytes that came. */
  readonly value: T;
  /** The value's bytes as they lie in the log, for those who pass them on untouched. */
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, Buffer>>;
  readonly eventTimeMs: number;
  /** The log's own timestamp. */
  readonly ingestTimeMs: number;
}

/** A pure function of the record and of what the context gives; what it does, it does through the context. */
export type Handler<T> = (record: InputRecord<T>, context: Context) => void;

export interface TimerDefinition {
  readonly name: string;
  /** Called once when stream time reaches the due time, in the transaction that deletes the timer. */
  readonly onDue: (timer: DueTimer, context: TimerContext) => void;
  /**
   * What becomes of a timer that is found due long after its time (15 min before the ingest time that moved stream
   * time). `suppress`, the default, is for what tells somebody something: a replay tells nothing old. `fire` is for
   * results that must come however late.
   */
  readonly stale?: 'suppress' | 'fire';
}

export interface DueTimer {
  readonly key: string;
  readonly dueMs: number;
}

export interface Input {
  readonly topic: AnyTopic;
  /** A table's tombstones reach the handler; a stream's are dead letters. */
  readonly kind: 'stream' | 'table';
  /** Which rule of the topology this is: shown in dead letters, metrics and the graph. */
  readonly stage: string;
  /** `optional`: records without a key reach the handler too, with '' as their key. Left out: they are dead letters. */
  readonly key?: 'required' | 'optional';
  readonly handle: (record: InputRecord<Any | null>, context: Context) => void;
}

/** What an operator adds to a topology. Everything is named; nothing is numbered by its position. */
export interface Part {
  readonly name: string;
  /** Shown in the graph: `window join`, `table`, `count`, … */
  readonly operator: string;
  readonly inputs?: readonly Input[];
  readonly stores?: readonly StoreDefinition[];
  readonly globals?: readonly GlobalStoreDefinition<Any>[];
  readonly timers?: readonly TimerDefinition[];
  readonly outputs?: readonly AnyTopic[];
  /**
   * Its results depend on stream time: its inputs move it, and are taken by event time. Left out: true when it has
   * timers or a window store.
   */
  readonly byTime?: boolean;
}

export interface Topology {
  readonly name: string;
  /**
   * `free`: the result does not depend on how partitions and inputs interleave (as long as nothing is late);
   * `arrival`: it does, such as with table joins. Then effects carry the place of their input in a header.
   */
  readonly order: 'free' | 'arrival';
  /** Where a new topology begins to read. */
  readonly start: 'earliest' | 'latest';
  /** Records of the task are taken by event time: on where a part asks for it. */
  readonly byTime: boolean;
  /** How long the inputs must stand still before stream time follows the clock; null: it never does. */
  readonly idleMs: number | null;
  readonly parts: readonly Part[];
}

/** Topologies that are deployed together: one group, one task and one transaction for each partition. */
export interface Application {
  readonly name: string;
  readonly topologies: readonly Topology[];
}
