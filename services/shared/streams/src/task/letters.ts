import { codeOf, messageOf } from '../errors.ts';
import type { HeadRecord } from './input-queue.ts';
import type { StoredTimer } from './timer-heap.ts';
import type { Letter } from './types.ts';

export interface Reason {
  readonly reason: string;
  readonly message: string;
}

/** The reason of a thrown thing: its code, or that the handler threw. */
export function reasonOf(error: unknown): Reason {
  return { reason: codeOf(error) ?? 'ZT-STREAMS-HANDLER', message: messageOf(error) };
}

export function letterOf(topology: string, stage: string, record: HeadRecord, reason: Reason): Letter {
  const { raw } = record;
  return {
    topology,
    stage,
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    ...reason,
    key: raw.key,
    value: raw.value,
    headers: raw.headers,
    schemaId: schemaIdOf(raw.value),
    timestampMs: record.ingestTimeMs,
    eventTimeMs: record.knownEventTimeMs,
  };
}

/** A timer lies in no topic; what is known of it is its key and its due time. */
export function timerLetter(topology: string, partition: number, timer: StoredTimer, reason: Reason): Letter {
  return {
    topology,
    stage: `timer ${timer.name}`,
    topic: '',
    partition,
    offset: -1,
    ...reason,
    key: Buffer.from(timer.key),
    value: null,
    headers: {},
    schemaId: null,
    timestampMs: timer.dueMs,
    eventTimeMs: timer.dueMs,
  };
}

/** A framed value begins with a zero byte and the schema's id. */
function schemaIdOf(value: Buffer | null): number | null {
  return value !== null && value.length > 5 && value[0] === 0 ? value.readInt32BE(1) : null;
}
