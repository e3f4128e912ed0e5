/** A record on its way to the highway. */
export interface OutMessage {
  readonly topic: string;
  /** A plain UTF-8 string; decides the partition by murmur2, as Java's producer does. */
  readonly key: string | null;
  /** Framed Avro from `codec.encode`; null is a tombstone. */
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
  /** Kafka's timestamp: the time when the platform took the event in. */
  readonly timestampMs: number;
}

/** Where a record stands once it is stored. */
export interface Stored {
  readonly partition: number;
  readonly offset: number;
}

export interface PublisherLimits {
  /** Most records of one partition in one request. */
  readonly maxBatchRecords?: number;
  /** Most bytes (uncompressed) of one partition in one request; below the broker's message.max.bytes. */
  readonly maxBatchBytes?: number;
  /** Bytes that may wait or be under way; `publish` refuses above this with ZT-HIGHWAY-FULL. */
  readonly capacityBytes?: number;
  /** A publish that is not acknowledged within this time rejects with ZT-HIGHWAY-TIMEOUT. */
  readonly timeoutMs?: number;
}

/**
 * Writes records with acks=all through one idempotent producer. Records of one key keep their order, and a
 * record is either acknowledged or its promise rejects; a rejected record may still have been stored (the
 * answer was lost), so a caller that sends it again sends a repeat, which carries the same event_id.
 */
export interface Publisher {
  start(): Promise<void>;
  /** Sends what waits, then closes. New publishes are refused with ZT-HIGHWAY-STOPPED. */
  stop(): Promise<void>;
  /**
   * Resolves when every message is on all in-sync replicas, with their places in the order given.
   *
   * @throws HighwayError retryable (broker away, time-out, full) or bad_record (too large).
   */
  publish(messages: readonly OutMessage[]): Promise<Stored[]>;
  /** Bytes accepted by `publish` and not yet answered. */
  readonly bytesInFlight: number;
  readonly capacityBytes: number;
  /** False while the broker does not answer: the last request failed and none has succeeded since. */
  readonly healthy: boolean;
}
