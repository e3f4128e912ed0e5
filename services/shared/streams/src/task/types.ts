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
  /**
   * Moves a topology's stream time on by what the clock has gone since its last record was taken in, or since the
   * last call; `work` handles the timers that become due.
   */
  idleUntil(topology: string, nowMs: number): void;
  /** What differs from the position that the task was created with. Removed ones keep their state. */
  readonly topologies: { readonly added: readonly string[]; readonly removed: readonly string[] };
  /** By topology. */
  stats(): ReadonlyMap<string, TopologyStats>;
}

export interface TopologyStats extends StreamTime {
  readonly timersPending: number;
}

export interface StreamTime {
  readonly streamTimeMs: number;
  /** When the log took in the record that set it. */
  readonly ingestTimeMs: number;
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
  /** By input topic: which one of its name the offset belongs to. Missing where that cannot be told. */
  readonly topics?: Readonly<Record<string, string>>;
  /** By global table's topic: offsets by partition, so that no task works on an older copy than before. */
  readonly globals: Readonly<Record<string, readonly number[]>>;
  /** By topology: stream time, and the ingest time of the record that set it. */
  readonly times: Readonly<Record<string, StreamTime>>;
  /** By topology: the shape of its state. */
  readonly shapes: Readonly<Record<string, string>>;
  /**
   * By topology and input topic: it takes only what lies at or behind this offset. Kept while a topology that was
   * added later begins elsewhere in a topic than the others stand, and for one that is gone, should it come back.
   */
  readonly from?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface GlobalView {
  get(key: string): Buffer | undefined;
  /** By partition: behind the last record that is in the copy. */
  offsets(): readonly number[];
}

/** Why a record was set aside, with all that is needed to put it right and send it again. */
export interface Letter {
  readonly topology: string;
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
  /** -1 for a timer, which lies in no topic. */
  readonly offset: number;
  /** A stable code. */
  readonly reason: string;
  readonly message: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
  /** Of a framed value. */
  readonly schemaId: number | null;
  readonly timestampMs: number;
  /** Null when it could not be read. */
  readonly eventTimeMs: number | null;
}

export interface LateLetter extends Letter {
  readonly latenessMs: number;
  readonly streamTimeMs: number;
}

/** What happens, for metrics. Called often: it must be cheap and must not throw. */
export interface TaskObserver {
  /** Once for each call of `work` in which the topology took records. */
  processed(topology: string, records: number): void;
  dropped(topology: string, reason: string): void;
  late(topology: string): void;
  deadLettered(topology: string, stage: string, reason: string): void;
  /** How far stream time was behind the due time. */
  fired(topology: string, delayMs: number): void;
  /** A timer was found due too late to be of use. */
  suppressed(topology: string): void;
}
