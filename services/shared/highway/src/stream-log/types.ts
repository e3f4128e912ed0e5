import type { Place, RawBatch, RawRecord } from '../subscription-types.ts';

/** Committed records of one partition. It may hold none and still move the position on. */
export interface LogPage {
  readonly records: readonly RawRecord[];
  /** Where reading goes on: behind control markers, aborted transactions and compacted gaps too. */
  readonly nextOffset: number;
}

/** Reading by topic, partition and offset, without a group; committed records only. */
export interface LogReader {
  /** The first offset of each partition, and the one behind its last committed record. */
  bounds(places: readonly Place[]): Promise<readonly (Place & { earliest: number; end: number })[]>;
  /**
   * One page from `offset` on; at the end it waits a moment for records. What is asked for at once goes in one
   * request. Null when the offset is not in the log: before its first or behind its last.
   *
   * @throws HighwayError retryable while the brokers are away, ZT-HIGHWAY-CORRUPT and ZT-HIGHWAY-UNREADABLE
   * (fatal) for a batch that cannot be read.
   */
  read(place: Place, offset: number, maxBytes?: number): Promise<LogPage | null>;
  /**
   * What tells a topic from another one that had its name before: copies of that one are of no use. By topic; one
   * that cannot be told is missing.
   */
  identities(topics: readonly string[]): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

/** A record to be written in a transaction. */
export interface OutRecord extends Place {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: readonly (readonly [name: string, value: Buffer])[];
  /** Instead of `headers`: those of a record that was read, as they lie there. */
  readonly headerBytes?: Buffer;
  readonly timestampMs: number;
}

/** Writes whole transactions under one id. After any error it is of no use any more but to be closed. */
export interface TransactionalProducer {
  /**
   * Takes the id over: what a former owner left open is aborted or completed, with its markers in the log, and the
   * former owner's calls are refused from now on.
   */
  fence(): Promise<void>;
  /**
   * One transaction: sent and committed without a pause between. Resolves when it is committed, with the offset
   * behind the last record of each partition, by `topic/partition`.
   *
   * @throws HighwayError ZT-HIGHWAY-FENCED (`fenced` is true), ZT-HIGHWAY-TRANSACTION-LOST (not stored),
   * ZT-HIGHWAY-TRANSACTION-UNKNOWN (stored or not), bad_record for a record that the broker refuses.
   */
  commit(records: readonly OutRecord[]): Promise<ReadonlyMap<string, number>>;
  /** Aborts what is open, as far as the broker answers soon. */
  close(): Promise<void>;
}

export interface TaskGroupOptions {
  readonly groupId: string;
  /** Stable name of this process: with it, and with `warmTasks`, tasks come back to where their state is. */
  readonly instance: string;
  readonly topics: readonly string[];
  /** Partitions whose state this process holds; asked at each join. */
  readonly warmTasks: () => readonly number[];
  readonly sessionTimeoutMs: number;
  /** Partition p of all topics comes to one process. Nothing is delivered before `go`. */
  readonly onAssigned: (generation: number, partitions: readonly number[]) => Promise<void>;
  /** Awaited before the group goes on; on `lost` others may own the partitions already. */
  readonly onRevoked: (reason: 'rebalance' | 'lost' | 'stop') => Promise<void>;
  /** The partition's next batch is delivered when the promise has resolved. */
  readonly onBatch: (batch: RawBatch) => Promise<void>;
  readonly onFatal: (error: unknown) => void;
}

/** Membership in a group that shares tasks. Its recorded offsets only serve lag tools. */
export interface TaskGroup {
  start(): Promise<void>;
  stop(): Promise<void>;
  go(place: Place, offset: number): void;
  pause(place: Place): void;
  resume(place: Place): void;
  record(generation: number, positions: readonly (Place & { offset: number })[]): Promise<void>;
  /** Asks the coordinator now whether this generation is the present one; false also when it does not answer. */
  confirm(generation: number): Promise<boolean>;
  /** Leaves and joins again. */
  rejoin(): void;
}

/** A topic that an application keeps for itself. */
export interface InternalTopic {
  readonly name: string;
  readonly partitions: number;
  readonly cleanup: 'compact' | 'compact,delete' | 'delete';
  /** For `delete` and `compact,delete`. */
  readonly retentionMs: number | null;
  /** For `compact` and `compact,delete`: how long deletes must stay to be read; left out: seven days. */
  readonly deleteRetentionMs?: number;
  /** For topics of a few records that are overwritten all the time; at least 1 MiB. */
  readonly segmentBytes?: number;
}

/** What a stream engine needs of Kafka. */
export interface StreamLog {
  /** The partition of a key: murmur2 of its bytes, as every writer computes it. */
  partitionOf(key: Buffer, partitions: number): number;
  /** Partition counts; a topic that does not exist is missing from the answer. */
  partitionCounts(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Creates what is missing; refuses what differs. */
  ensureTopics(topics: readonly InternalTopic[]): Promise<void>;
  createReader(): LogReader;
  createProducer(transactionalId: string): TransactionalProducer;
  createGroup(options: TaskGroupOptions): TaskGroup;
  /** How far a group is behind the ends of a topic, by its recorded offsets. */
  lag(groupId: string, topic: string): Promise<number>;
}
