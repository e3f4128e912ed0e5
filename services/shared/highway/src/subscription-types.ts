import type { TopicRef } from './catalogue.ts';

export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** A record as it lies on the highway. */
export interface RawRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Parsed when first asked for. */
  readonly headers: Readonly<Record<string, Buffer>>;
  /** The same as they lie there, for whoever passes them on unread. */
  readonly headerBytes?: Buffer;
}

/** What one fetch brought of one partition. It may hold no record and still move the position on. */
export interface RawBatch extends Place {
  /** The group's generation under which it was fetched; commit with it. */
  readonly generation: number;
  readonly records: readonly RawRecord[];
  /** Where the fetch began. */
  readonly firstOffset: number;
  /** Where reading goes on: behind control markers and compacted gaps too, which no record shows. */
  readonly nextOffset: number;
  readonly highWatermark: number;
  /** Decompressed bytes of the records. */
  readonly bytes: number;
}

/** A position that a group has recorded. */
export interface Committed extends Place {
  /** Null when the group never committed this partition. */
  readonly offset: number | null;
  readonly metadata: string;
}

export interface CommitPosition extends Place {
  readonly offset: number;
  readonly metadata?: string;
}

export interface Assignment {
  readonly generation: number;
  readonly partitions: readonly Place[];
}

export interface OwnerOptions {
  readonly groupId: string;
  readonly topics: readonly Pick<TopicRef, 'name'>[];
  /**
   * New partitions of a generation. Fetching of each is held until `go(place, offset)`; a rejection makes the
   * owner leave the group and join again.
   */
  onAssigned(assignment: Assignment): Promise<void>;
  /**
   * The partitions are no longer ours: called before the owner joins again (`rebalance`), when it was thrown out
   * of the group (`lost`: another may already own them) and on `stop`. Awaited.
   */
  onRevoked(assignment: Assignment, reason: 'rebalance' | 'lost' | 'stop'): Promise<void>;
  /**
   * One batch of one partition; the partition's next batch waits for the promise, heartbeats do not. A rejection
   * that is retryable gives the same batch again after a pause; any other stops the owner with `onFatal`.
   */
  onBatch(batch: RawBatch): Promise<void>;
  /** Where the failure ends that `onBatch` or `onAssigned` could not survive. */
  onFatal?(error: unknown): void;
  readonly sessionTimeoutMs?: number;
  readonly maxBytesPerPartition?: number;
  /** How long the broker may hold a fetch that finds nothing. */
  readonly maxWaitMs?: number;
}

/**
 * A member of a consumer group that owns partitions and keeps the positions itself. Nothing is committed unless
 * `commit` is called.
 */
export interface PartitionOwner {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** What the group has committed for these partitions. */
  committed(places: readonly Place[]): Promise<Committed[]>;
  /** Lets fetching of a held partition begin (or begin again elsewhere) at this offset. */
  go(place: Place, offset: number): void;
  pause(place: Place): void;
  resume(place: Place): void;
  /**
   * Records positions under a generation. Only a resolved promise means recorded.
   *
   * @throws HighwayError ZT-HIGHWAY-COMMIT-REFUSED (retryable: the generation has passed or is passing; give the
   * partition up) or ZT-HIGHWAY-COMMIT-UNKNOWN (retryable: no answer; treat as not recorded and give it up).
   */
  commit(generation: number, positions: readonly CommitPosition[]): Promise<void>;
  /** Asks the coordinator now whether this generation is still the present one; false also without an answer. */
  confirm(generation: number): Promise<boolean>;
  /** Gives all partitions back as lost, leaves the group and joins again. */
  rejoin(): void;
  /** First and next-to-be-written offset of each partition. */
  bounds(places: readonly Place[]): Promise<(Place & { earliest: number; end: number })[]>;
  /** The present assignment, or null between generations. */
  readonly assignment: Assignment | null;
}

/** A decoded record. */
export interface Received<T> extends Place {
  readonly offset: number;
  readonly key: string | null;
  readonly timestampMs: number;
  readonly headers: Readonly<Record<string, Buffer>>;
  /** Full Avro name of the record, which tells the union of a topic's types apart. */
  readonly recordName: string;
  readonly schemaId: number;
  /** Null is a tombstone. */
  readonly event: T | null;
}

export interface SubscribeOptions<T> {
  readonly groupId: string;
  readonly topics: readonly TopicRef[];
  /** Where a group without a committed position begins; default false: only what comes from now on. */
  readonly fromBeginning?: boolean;
  /**
   * Decoded records of one partition in order. The position is committed after the promise resolves, so a
   * restart repeats at most what was not committed. A record that cannot be decoded goes to the dead letters.
   */
  onBatch(records: readonly Received<T>[], place: Place): Promise<void>;
  onFatal?(error: unknown): void;
  readonly sessionTimeoutMs?: number;
  readonly maxBytesPerPartition?: number;
}

export interface Subscription {
  start(): Promise<void>;
  stop(): Promise<void>;
  pause(place: Place): void;
  resume(place: Place): void;
}
