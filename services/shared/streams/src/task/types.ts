import type { LogPage, OutRecord } from '../log-port.ts';
import type { StateChange } from '../store/local-state.ts';

/**
 * The core of a task, without I/O: records in, cuts out. Production and the test driver run the same one.
 *
 * receive → work → cut → (the transaction commits) → applied → receive …
 */
export interface Task {
  readonly partition: number;
  /** Hands over what was fetched of one input; its position moves on as the records are worked. */
  receive(topic: string, page: LogPage & { readonly highWatermark: number }): void;
  /** Bytes received and not yet worked, over all inputs or of one. */
  waitingBytes(topic?: string): number;
  /**
   * Handles records (by event time where the application asks for it) and due timers until the limit or until
   * nothing can be taken. Returns how many records and timers it handled; 0: nothing to do now.
   */
  work(limit: number): number;
  /** Bytes and records that the next cut would carry. */
  readonly pending: { readonly bytes: number; readonly records: number; readonly changed: boolean };
  /**
   * Freezes what was done since the last cut; nothing may be worked until `applied`. Null when nothing changed.
   * The last record is the position.
   */
  cut(nowMs: number): Cut | null;
  /** The cut's transaction is committed: its state becomes the local state. */
  applied(cut: Cut, ends: ReadonlyMap<string, number>): void;
  /** Where reading of each input goes on, counting only what has been worked. */
  positions(): ReadonlyMap<string, number>;
  /** True when every input stands at its end as far as the last fetch knew, and nothing waits. */
  readonly drained: boolean;
  /** Lets the stream time of these topologies follow the clock, and works the timers that become due. */
  idleUntil(topology: string, streamTimeMs: number): void;
}

export interface Cut {
  readonly outputs: readonly OutRecord[];
  readonly changelogs: readonly OutRecord[];
  readonly position: OutRecord;
  /** What the local state becomes; the changelog offsets of its mark are filled in by `applied`. */
  readonly change: Omit<StateChange, 'mark'>;
  readonly records: number;
  readonly bytes: number;
}

/** Everything that a task needs to go on where its last commit stood: one record under one key. */
export interface Position {
  /** By input topic: the next offset. */
  readonly inputs: Readonly<Record<string, number>>;
  /** By global table's topic: offsets by partition, so that no task works on an older copy than before. */
  readonly globals: Readonly<Record<string, readonly number[]>>;
  /** By topology: stream time, and the ingest time of the record that set it. */
  readonly times: Readonly<Record<string, { readonly streamTimeMs: number; readonly ingestTimeMs: number }>>;
  /** By topology: the hash of its shape. */
  readonly shapes: Readonly<Record<string, string>>;
}
