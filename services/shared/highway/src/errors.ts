import { type Failure, ZhongtaiError } from '@zhongtai/runtime';

/**
 * Every error of the highway: code -> what it means for the work in hand. What happened and what to do stands
 * above each; the README's table repeats it.
 */
export const highwayErrors = {
  /** The broker does not answer or has no leader for the partition. Try again later; nothing needs repair. */
  'ZT-HIGHWAY-AWAY': 'retryable',
  /** No acknowledgement in time; the record may or may not be stored. Send it again with the same event_id. */
  'ZT-HIGHWAY-TIMEOUT': 'retryable',
  /** More bytes wait than the publisher may hold. Slow down; answer 503 with Retry-After. */
  'ZT-HIGHWAY-FULL': 'retryable',
  /** The publisher or subscription is stopped or was never started. Send through another instance. */
  'ZT-HIGHWAY-STOPPED': 'retryable',
  /** The producer was fenced or lost its sequence and is being replaced. Send again with the same event_id. */
  'ZT-HIGHWAY-PRODUCER-REPLACED': 'retryable',
  /** The record is larger than the broker accepts. Set it aside; it will never fit. */
  'ZT-HIGHWAY-TOO-LARGE': 'bad_record',
  /** The broker refuses the record itself, such as one without a key on a compacted topic. Set it aside. */
  'ZT-HIGHWAY-REFUSED': 'bad_record',
  /** The topic does not exist. Create it from the catalogue (`admin.ensureTopics`) and start again. */
  'ZT-HIGHWAY-NO-TOPIC': 'fatal',
  /** The broker refuses our credentials or rights. Correct them and start again. */
  'ZT-HIGHWAY-DENIED': 'fatal',
  /** A topic exists with another partition count than the catalogue says: keys would change their partitions. */
  'ZT-HIGHWAY-PARTITIONS': 'fatal',
  /** A topic exists with another cleanup policy than the catalogue says, or forgets too soon: it would lose something. */
  'ZT-HIGHWAY-POLICY': 'fatal',
  /** The group's generation has passed or is passing. Not recorded: give the partition up. */
  'ZT-HIGHWAY-COMMIT-REFUSED': 'retryable',
  /** The commit was sent and not answered. Treat it as not recorded: give the partition up. */
  'ZT-HIGHWAY-COMMIT-UNKNOWN': 'retryable',
  /**
   * The transactional id is another producer's, the transaction took too long, or another process has the instance
   * name. Drop the task; nothing may be tried again under this identity.
   */
  'ZT-HIGHWAY-FENCED': 'fatal',
  /** The transaction could not be completed and is not stored. Begin anew with another producer. */
  'ZT-HIGHWAY-TRANSACTION-LOST': 'retryable',
  /** The transaction may be stored or not. Fence with another producer, then read what is there. */
  'ZT-HIGHWAY-TRANSACTION-UNKNOWN': 'retryable',
  /** The brokers are older than what is asked of them. Use Kafka 4.0 or newer for transactions. */
  'ZT-HIGHWAY-OLD-BROKER': 'fatal',
  /** The position to read from is no longer in the log. Decide: earliest, or stop; records are missing. */
  'ZT-HIGHWAY-OUT-OF-RANGE': 'fatal',
  /** A batch's bytes still miss their checksum after several fetches. Check disk and network; details name the place. */
  'ZT-HIGHWAY-CORRUPT': 'fatal',
  /** A batch is as its writer made it, and nobody can use it: unknown codec, not decompressible, inflates too far. */
  'ZT-HIGHWAY-UNREADABLE': 'fatal',
  /** The value is not framed Avro (magic byte, id). Set it aside; its writer is not one of the contract. */
  'ZT-HIGHWAY-NOT-AVRO': 'bad_record',
  /** The registry has no schema of this id. Set it aside; its writer used another registry. */
  'ZT-HIGHWAY-UNKNOWN-SCHEMA': 'bad_record',
  /** The bytes do not fit their schema, or its schema cannot be read as ours. Set it aside. */
  'ZT-HIGHWAY-UNDECODABLE': 'bad_record',
  /** The value does not fit the schema (a number beyond 2^53 too; a bigint is exact). Set it aside; details name the path. */
  'ZT-HIGHWAY-UNENCODABLE': 'bad_record',
  /** The registry does not answer. Hold the partition and try again; records are not bad because of it. */
  'ZT-HIGHWAY-REGISTRY-AWAY': 'retryable',
  /** The registry refuses a schema (incompatible, invalid). Mend the .avsc; `make check` says which field. */
  'ZT-HIGHWAY-SCHEMA-REFUSED': 'fatal',
  /** A schema was used that `prepare` or `learn` was not asked for. A fault of the caller. */
  'ZT-HIGHWAY-NOT-PREPARED': 'fatal',
  /** A dead letter with clear identifiers came and no `seal` was given to encrypt it. Give one. */
  'ZT-HIGHWAY-NO-SEAL': 'fatal',
  /** A broker's error that is in no list of ours. Read the cause. */
  'ZT-HIGHWAY-UNEXPECTED': 'fatal',
} as const satisfies Record<`ZT-HIGHWAY-${string}`, Failure>;

export type HighwayErrorCode = keyof typeof highwayErrors;

/** Thrown by everything in this package; `code` is of the list above, `failure` follows from it. */
export class HighwayError extends ZhongtaiError {
  override readonly name = 'HighwayError';
  declare readonly code: HighwayErrorCode;

  constructor(
    code: HighwayErrorCode,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(code, highwayErrors[code], message, options);
  }

  /** Somebody else has taken over: nothing may be tried again under this identity. */
  get fenced(): boolean {
    return this.code === 'ZT-HIGHWAY-FENCED';
  }
}
