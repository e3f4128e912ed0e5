/**
 * What the highway needs to know of a record of the catalogue. `T` is the record's TypeScript type, so that a
 * record entry carries its type to `message()` and to subscribers.
 */
export interface RecordRef<T = never> {
  /** Full Avro name, such as `zhongtai.order.OrderPlaced`. */
  readonly name: string;
  /** The key by which Kafka orders and places the record: a pure function of the event. */
  key(record: T): string | null;
}

/** What the highway needs to know of a topic of the catalogue. */
export interface TopicRef {
  readonly name: string;
  readonly records: readonly RecordRef[];
  /** A number, or `P`: the one partition count that all co-partitioned topics share. */
  readonly partitions: 'P' | number;
  /** How long records are kept; null means compacted and kept for ever. */
  readonly retentionMs: number | null;
  /** `broker`: the broker stamps the records, for their senders' clocks are not ours; left out: the sender does. */
  readonly timestamps?: 'sender' | 'broker';
}

/** Where the highway finds schemas: the catalogue of `@zhongtai/schemas`, or a test's own. */
export interface Contract {
  /** The text of the .avsc file of a record, as it is registered. */
  schemaText(recordName: string): string;
  /** The registry's subject for a record of a topic. */
  subjectOf(topic: TopicRef, record: RecordRef): string;
  /** The kind of source system that fills a topic; null when there is not one, or the topic is not known. */
  sourceOf?(topic: string): string | null;
  /** The topic of the dead letters, with its one record. */
  readonly deadLetterTopic: TopicRef;
}
