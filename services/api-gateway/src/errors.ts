import type { IdentifierReason } from '@zhongtai/domain';
import { ZhongtaiError } from '@zhongtai/runtime';

/**
 * Why one event of a request was not taken. What happened stands above each; what to do is always: correct the
 * event and send it again (the others need not be repeated), but for SHED, which asks to wait.
 */
export const refusalCodes = [
  /** A line of NDJSON is not JSON (or the whole body, then it is the request that is refused). */
  'ZT-GATEWAY-JSON',
  /** The event is no object, or a field has another type than the schema's. */
  'ZT-GATEWAY-TYPE',
  /** A field without default is absent. */
  'ZT-GATEWAY-MISSING',
  /** The schema of this event_type has no such field. */
  'ZT-GATEWAY-UNKNOWN-FIELD',
  /** No record of the contract has this event_type. */
  'ZT-GATEWAY-UNKNOWN-TYPE',
  /** The value is none of the enum's symbols. */
  'ZT-GATEWAY-ENUM',
  /** A number outside what its field holds: int of 32 bits, long of 64 (beyond 2^53 as a string), or not finite. */
  'ZT-GATEWAY-RANGE',
  /** A string longer than the limit, or a list or map with more entries than the limit. */
  'ZT-GATEWAY-TOO-LONG',
  /** Nested deeper than the limit. */
  'ZT-GATEWAY-TOO-DEEP',
  /** Half of a surrogate pair: no valid Unicode, other readers would see another text. */
  'ZT-GATEWAY-SURROGATE',
  /** No time that can be read: milliseconds since 1970 or ISO 8601 with a zone are. */
  'ZT-GATEWAY-TIME',
  /** event_time lies further ahead of the platform's clock than allowed. */
  'ZT-GATEWAY-FUTURE',
  /** event_id is not a UUID. */
  'ZT-GATEWAY-EVENT-ID',
  /** The key may not send events of this source, or `source` is not the one of the event_type. */
  'ZT-GATEWAY-SOURCE',
  /** The record fits its schema but not one record of Kafka. */
  'ZT-GATEWAY-RECORD-TOO-LARGE',
  /** Not taken because the platform is full: send it again after Retry-After. */
  'ZT-GATEWAY-SHED',
] as const;

/** The gateway's own codes, and the reasons of `@zhongtai/domain` for identifiers (`ZT-ID-PHONE`, …). */
export type RefusalCode = (typeof refusalCodes)[number] | IdentifierReason;

/** One event that was not taken. `index` counts the events of the request from 0. */
export interface Refusal {
  readonly index: number;
  readonly code: RefusalCode;
  /** JSON pointer to the field within the event. */
  readonly path: string;
  readonly message: string;
}

/** Why a whole request was refused: code -> HTTP status. Nothing of it is acknowledged. */
export const requestRefusals = {
  /** No `Authorization: Bearer <key>`, or no such key. `make key` creates one. */
  'ZT-GATEWAY-UNAUTHORIZED': 401,
  /** There is no such path, or no reference table of this name. */
  'ZT-GATEWAY-PATH': 404,
  /** The path exists for POST only. */
  'ZT-GATEWAY-METHOD': 405,
  /** The client gave up or was too slow while sending the body. Nothing was taken. */
  'ZT-GATEWAY-ABORTED': 400,
  /** The body is not JSON. */
  'ZT-GATEWAY-BODY': 400,
  /** The body is not UTF-8. */
  'ZT-GATEWAY-UTF8': 400,
  /** There is no event in the body. */
  'ZT-GATEWAY-EMPTY': 400,
  /** The body does not decompress. */
  'ZT-GATEWAY-COMPRESSION': 400,
  /** The body, as sent or decompressed, is larger than the limit. Send smaller batches. */
  'ZT-GATEWAY-TOO-LARGE': 413,
  /** More events than one request may hold. Send smaller batches. */
  'ZT-GATEWAY-TOO-MANY': 413,
  /** The content type is neither JSON nor NDJSON in UTF-8. */
  'ZT-GATEWAY-MEDIA': 415,
  /** The content encoding is none of gzip, deflate, br, zstd. */
  'ZT-GATEWAY-ENCODING': 415,
  /** Too many bytes are under way for an order or a payment to be sure of its place. Send again later. */
  'ZT-GATEWAY-BUSY': 503,
  /** The process is stopping. Send again; another instance or the next start will take it. */
  'ZT-GATEWAY-STOPPING': 503,
  /** Kafka did not acknowledge. Some events may be stored: send the whole request again, same event_ids. */
  'ZT-GATEWAY-KAFKA': 503,
  /** A fault of ours. Nothing was acknowledged: send again. */
  'ZT-GATEWAY-INTERNAL': 500,
} as const;

/** What keeps the process itself from its work. Each is fatal at the start: mend it and start again. */
export const gatewayFaultCodes = [
  /** VAULT_KEY is not 32 bytes: 64 hex digits, or base64 (`openssl rand -hex 32` makes one). */
  'ZT-GATEWAY-VAULT-KEY',
  /** API_KEYS_FILE is no file of keys, or went away. After the start the keys read before stay in force. */
  'ZT-GATEWAY-KEY-FILE',
] as const;

export type GatewayFaultCode = (typeof gatewayFaultCodes)[number];

export function gatewayFault(code: GatewayFaultCode, message: string): ZhongtaiError {
  return new ZhongtaiError(code, 'fatal', message);
}

export type RequestRefusalCode = keyof typeof requestRefusals;

/** Thrown on the way of a request; becomes its answer. */
export class RequestRefused extends ZhongtaiError {
  override readonly name = 'RequestRefused';
  override readonly code: RequestRefusalCode;
  readonly status: number;

  constructor(code: RequestRefusalCode, message: string, options: { cause?: unknown } = {}) {
    super(code, requestRefusals[code] === 503 ? 'retryable' : 'bad_record', message, options);
    this.code = code;
    this.status = requestRefusals[code];
  }
}
