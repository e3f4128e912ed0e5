import type { Logger, Registry } from '@zhongtai/runtime';
import type { Contract, RecordRef, TopicRef } from './catalogue.ts';
import type { Codec } from './codec-types.ts';
import type { DeadLetters, Seal } from './dead-letter-types.ts';
import type { OutMessage, Publisher, PublisherLimits } from './publisher-types.ts';
import type { KafkaSecurity } from './security.ts';
import type { StreamLog } from './stream-log/types.ts';
import type { OwnerOptions, PartitionOwner, SubscribeOptions, Subscription } from './subscription-types.ts';

export interface HighwayOptions {
  readonly brokers: readonly string[];
  /** Base of the Confluent-compatible API, such as `http://127.0.0.1:8081/apis/ccompat/v7`. */
  readonly registryUrl: string;
  readonly clientId: string;
  /** TLS and SASL for brokers that ask for it. */
  readonly security?: KafkaSecurity;
  /** What `P` stands for in the catalogue. */
  readonly partitions: number;
  readonly replicationFactor?: number;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly clock?: () => number;
  /** Default: the catalogue of `@zhongtai/schemas`. */
  readonly contract?: Contract;
  /** Encrypts the bytes of dead letters that came in clear. */
  readonly seal?: Seal;
}

export interface PartitionEnds {
  readonly partition: number;
  readonly earliest: number;
  readonly end: number;
}

export interface Admin {
  /**
   * Creates what is missing from the catalogue: partitions, retention or compaction. A topic that is kept for
   * another time than the catalogue says is named in a warning and left alone.
   *
   * @throws HighwayError ZT-HIGHWAY-PARTITIONS when a topic exists with another partition count, and
   * ZT-HIGHWAY-POLICY when it is compacted and should not be, should be and is not, or forgets deletes too soon.
   */
  ensureTopics(topics: readonly TopicRef[]): Promise<void>;
  /** First offset and next-to-be-written offset of each partition. */
  endOffsets(topic: string): Promise<PartitionEnds[]>;
  listTopics(): Promise<string[]>;
  deleteTopics(names: readonly string[]): Promise<void>;
  /** Records between a group's committed positions and the ends, summed over the topic's partitions. */
  lag(groupId: string, topic: string): Promise<number>;
  /** One that is not there is deleted already; one that has members is refused. */
  deleteGroup(groupId: string): Promise<void>;
  /** Whether the broker answers now. */
  ping(): Promise<boolean>;
}

export interface Highway {
  readonly codec: Codec;
  readonly admin: Admin;
  readonly deadLetters: DeadLetters;
  createPublisher(limits?: PublisherLimits): Publisher;
  /** An event as a message: encoded, keyed by the catalogue's key function. Throws bad_record like `encode`. */
  message<T>(topic: TopicRef, record: RecordRef<T>, event: T, timestampMs: number): OutMessage;
  /** A group member that gets decoded records and commits for itself. */
  subscribe<T = unknown>(options: SubscribeOptions<T>): Subscription;
  /** A group member that owns partitions and commits by hand, with metadata, fenced by its generation. */
  ownPartitions(options: OwnerOptions): PartitionOwner;
  /** Reading by offset, transactions and task groups: what a stream engine stands on. */
  createStreamLog(): StreamLog;
  /** Closes admin, dead letters and what else is open; stop publishers and subscriptions before. */
  close(): Promise<void>;
}
