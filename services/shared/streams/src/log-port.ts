/**
 * The log as the engine sees it: Kafka in production, memory in tests. Structural, so that whoever implements it
 * needs nothing of ours.
 */

export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** A record as it lies in the log. */
export interface LogRecord {
  readonly offset: number;
  /** When the log took it in. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  /** Null is a tombstone. */
  readonly value: Buffer | null;
  /** Parsed when first asked for. */
  readonly headers: Readonly<Record<string, Buffer>>;
  /** The same in the log's own form, for whoever passes them on unread; not every log has it. */
  readonly headerBytes?: Buffer;
}

/** Records of one partition, committed ones only. It may hold none and still move the position on. */
export interface LogPage {
  readonly records: readonly LogRecord[];
  /** Where reading goes on: behind control markers, aborted transactions and compacted gaps too. */
  readonly nextOffset: number;
}

/** Reading by topic, partition and offset, without a group. */
export interface LogReader {
  /** The first offset of each partition, and the one behind its last committed record. */
  bounds(places: readonly Place[]): Promise<readonly (Place & { earliest: number; end: number })[]>;
  /**
   * One page from `offset` on; waits a moment at the end. Null when the offset is not in the log: before its
   * first (deleted) or behind its last (the log is another one).
   */
  read(place: Place, offset: number, maxBytes?: number): Promise<LogPage | null>;
  /**
   * What tells a topic from another one that had its name before: copies of that one are of no use. By topic; one
   * that cannot be told is missing.
   */
  identities(topics: readonly string[]): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

export interface OutRecord extends Place {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: readonly (readonly [name: string, value: Buffer])[];
  /** Instead of `headers`: those of a record of the same log, in its own form. */
  readonly headerBytes?: Buffer;
  readonly timestampMs: number;
}

/**
 * How a call to the log failed. `fenced`: somebody else has taken over, nothing may be tried again under this
 * identity. Else `failure` tells: `retryable` (whether it was stored may be unknown) or anything else, fatal.
 */
export interface LogFailure {
  readonly fenced?: boolean;
  readonly failure?: string;
}

/** Writes whole transactions under one id. One per task; never used again after an error. */
export interface TransactionalProducer {
  /**
   * Takes the id over: what a former owner left open is ended, and its later calls are refused as fenced.
   * Resolves when the markers of the ended transaction are in the log.
   */
  fence(): Promise<void>;
  /**
   * One transaction: begin, send, commit, without a pause between. Resolves when it is committed, with the offset
   * behind the last record of each partition, by `topic/partition`. After any rejection only `close` may follow.
   */
  commit(records: readonly OutRecord[]): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}

/** What one fetch brought of one input partition. */
export interface LogBatch extends Place, LogPage {
  /** The group's generation under which it was fetched. */
  readonly generation: number;
  readonly firstOffset: number;
  /** Committed or not, behind the last record that is written: position < highWatermark means more is coming. */
  readonly highWatermark: number;
  readonly bytes: number;
}

export interface GroupOptions {
  readonly groupId: string;
  /** Stable name of this process: with it, and with `warmTasks`, tasks come back to where their state is. */
  readonly instance: string;
  readonly topics: readonly string[];
  /** Partitions whose state this process holds on its disk; asked at each join. */
  readonly warmTasks: () => readonly number[];
  readonly sessionTimeoutMs: number;
  /** Partition p of all topics comes to one process. Nothing is delivered before `go`. */
  readonly onAssigned: (generation: number, partitions: readonly number[]) => Promise<void>;
  /** Awaited before the group goes on, save for `lost`: then others may own the partitions already. */
  readonly onRevoked: (reason: 'rebalance' | 'lost' | 'stop') => Promise<void>;
  /** The partition's next batch is fetched when the promise has resolved: backpressure. */
  readonly onBatch: (batch: LogBatch) => Promise<void>;
  readonly onFatal: (error: unknown) => void;
}

/** Membership in a group that shares the tasks. Its offsets are only told to ordinary lag tools. */
export interface TaskGroup {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Lets reading of a partition begin at an offset. */
  go(place: Place, offset: number): void;
  pause(place: Place): void;
  resume(place: Place): void;
  /** Tells the group where we stand, for lag tools. */
  record(generation: number, positions: readonly (Place & { offset: number })[]): Promise<void>;
  /** Asks the coordinator now whether this generation is the present one. */
  confirm(generation: number): Promise<boolean>;
  /** Leaves and joins again, after a task was lost while the membership seemed sound. */
  rejoin(): void;
}

/** A topic that the engine keeps for itself. */
export interface InternalTopic {
  readonly name: string;
  readonly partitions: number;
  readonly cleanup: 'compact' | 'compact,delete' | 'delete';
  /** For `delete` and `compact,delete`. */
  readonly retentionMs: number | null;
  /** For `compact` and `compact,delete`: how long deletes must stay to be read; left out: seven days. */
  readonly deleteRetentionMs?: number;
  /** For topics of a few records that are overwritten all the time, such as positions; at least 1 MiB. */
  readonly segmentBytes?: number;
}

export interface Log {
  /** The partition of a key, as every writer of the log computes it (murmur2 of the key's bytes). */
  partitionOf(key: Buffer, partitions: number): number;
  /** Partition counts of topics; a topic that does not exist is missing from the answer. */
  partitionCounts(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Creates what is missing; refuses what differs. */
  ensureTopics(topics: readonly InternalTopic[]): Promise<void>;
  createReader(): LogReader;
  createProducer(transactionalId: string): TransactionalProducer;
  createGroup(options: GroupOptions): TaskGroup;
  /** How far a group is behind the ends of a topic, by its recorded offsets. */
  lag(groupId: string, topic: string): Promise<number>;
}
