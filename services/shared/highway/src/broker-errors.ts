import { messageOf } from '@zhongtai/runtime';
import { HighwayError, type HighwayErrorCode } from './errors.ts';

/** The broker's error types (Kafka protocol names) that are not simply "try again". */
const byType: Readonly<Record<string, HighwayErrorCode>> = {
  MESSAGE_TOO_LARGE: 'ZT-HIGHWAY-TOO-LARGE',
  RECORD_LIST_TOO_LARGE: 'ZT-HIGHWAY-TOO-LARGE',
  INVALID_RECORD: 'ZT-HIGHWAY-REFUSED',
  INVALID_TIMESTAMP: 'ZT-HIGHWAY-REFUSED',
  UNKNOWN_TOPIC_OR_PARTITION: 'ZT-HIGHWAY-NO-TOPIC',
  INVALID_TOPIC_EXCEPTION: 'ZT-HIGHWAY-NO-TOPIC',
  TOPIC_AUTHORIZATION_FAILED: 'ZT-HIGHWAY-DENIED',
  GROUP_AUTHORIZATION_FAILED: 'ZT-HIGHWAY-DENIED',
  CLUSTER_AUTHORIZATION_FAILED: 'ZT-HIGHWAY-DENIED',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'ZT-HIGHWAY-DENIED',
  SASL_AUTHENTICATION_FAILED: 'ZT-HIGHWAY-DENIED',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'ZT-HIGHWAY-PRODUCER-REPLACED',
  UNKNOWN_PRODUCER_ID: 'ZT-HIGHWAY-PRODUCER-REPLACED',
  INVALID_PRODUCER_EPOCH: 'ZT-HIGHWAY-PRODUCER-REPLACED',
  PRODUCER_FENCED: 'ZT-HIGHWAY-PRODUCER-REPLACED',
  FENCED_INSTANCE_ID: 'ZT-HIGHWAY-FENCED',
  OFFSET_OUT_OF_RANGE: 'ZT-HIGHWAY-OUT-OF-RANGE',
};

/** kafkajs's own errors, by name: connections, time-outs, metadata not loaded. */
const awayNames = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSStaleTopicMetadataAssignment',
  'KafkaJSLockTimeout',
]);

interface ForeignError {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly retriable?: unknown;
  readonly cause?: unknown;
  readonly originalError?: unknown;
}

function foreign(error: unknown): ForeignError {
  return typeof error === 'object' && error !== null ? error : {};
}

/** The protocol's name of a broker error, looked for in the causes too; '' when there is none. */
export function typeOfError(error: unknown): string {
  for (let at = foreign(error), depth = 0; depth < 5; depth++) {
    if (typeof at.type === 'string') return at.type;
    at = foreign(at.cause ?? at.originalError);
  }
  return '';
}

/** The one place where errors of the Kafka client become ours: by name and protocol type, never by class. */
export function translate(error: unknown, what: string, details: Record<string, unknown> = {}): HighwayError {
  if (isHighwayError(error)) return error;
  const type = typeOfError(error);
  const known = byType[type];
  const options = { cause: error, details: type === '' ? details : { ...details, type } };
  if (known !== undefined) return new HighwayError(known, `${what}: ${messageOf(error)}`, options);
  const code = isAway(error) ? 'ZT-HIGHWAY-AWAY' : 'ZT-HIGHWAY-UNEXPECTED';
  return new HighwayError(code, `${what}: ${messageOf(error)}`, options);
}

/**
 * kafkajs trips over itself while no broker is connected or its client is closed under a call (metadata that is null,
 * a seed broker that is gone): a TypeError whose innermost frame is its code, not ours.
 */
function isStumble(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('stack' in error)) return false;
  if (foreign(error).name !== 'TypeError') return false;
  const innermost = /^\s+at .*$/m.exec(String(error.stack))?.[0] ?? '';
  return innermost.includes('/kafkajs/src/');
}

function isAway(error: unknown): boolean {
  if (isStumble(error)) return true;
  for (let at = foreign(error), depth = 0; depth < 5; depth++) {
    if (typeof at.name === 'string' && awayNames.has(at.name)) return true;
    if (at.retriable === true && at.cause === undefined && at.originalError === undefined) return true;
    at = foreign(at.cause ?? at.originalError);
  }
  return false;
}

function isHighwayError(error: unknown): error is HighwayError {
  return foreign(error).name === 'HighwayError';
}
