import { type ErrorOptions, type Failure, ZhongtaiError } from '@zhongtai/runtime';

/** Every error of the sink: code -> what it means for the work in hand. */
export const sinkErrors = {
  /** A record on an event topic has no value. Set aside: there is no event to store. */
  'ZT-SINK-EMPTY': 'bad_record',
  /** The value is not framed Avro (magic byte, schema id). Set aside; its writer is not one of the contract. */
  'ZT-SINK-NOT-AVRO': 'bad_record',
  /** The registry has no schema of the record's id. Set aside; its writer used another registry. */
  'ZT-SINK-UNKNOWN-SCHEMA': 'bad_record',
  /** A record is of a type that the catalogue does not have on this topic. Set aside; add it to the catalogue. */
  'ZT-SINK-FOREIGN-RECORD': 'bad_record',
  /** A record met a fault of the sink itself. Its partition stands still and is tried again; mend the sink. */
  'ZT-SINK-BLOCKED': 'fatal',
  /** The partition was given up: another generation owns it, or a commit was not confirmed. It starts again. */
  'ZT-SINK-GIVEN-UP': 'retryable',
} as const satisfies Record<`ZT-SINK-${string}`, Failure>;

export class SinkError extends ZhongtaiError {
  override readonly name = 'SinkError';

  constructor(code: keyof typeof sinkErrors, message: string, options: ErrorOptions = {}) {
    super(code, sinkErrors[code], message, options);
  }
}
