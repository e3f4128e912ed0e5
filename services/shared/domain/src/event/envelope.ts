import type { Source } from '@zhongtai/schemas';
import { isUuid } from './event-id.ts';
import type { EventFaultCode, Fault } from './fault.ts';
import type { DraftRecord, EnvelopeRules } from './record-check.ts';

/** What the platform answers for: the value stands in until `settleEnvelope` puts the right one. */
const filled: EnvelopeRules['filled'] = new Map<string, unknown>([
  ['event_id', ''],
  ['ingest_time', 0],
  ['source_system', ''],
  ['source', 'unknown'],
]);

/** Of an event in JSON: `link` is filled in when the event is attributed, so no sender may name it. */
export const envelopeOfJson: EnvelopeRules = { closed: new Map([['link', null]]), filled };
/** Of an event in Avro, where every field of the schema is there. */
export const envelopeOfAvro: EnvelopeRules = { closed: new Map(), filled };

export interface Entrance {
  /** The kind of source that the event_type belongs to. */
  readonly source: Source;
  /** When the platform took the event in. */
  readonly now: number;
  /** How far event_time may lie ahead of it. */
  readonly maxFutureMs: number;
  /** Who sent it, where the platform knows; else the sender's own word stays. */
  readonly sourceSystem?: string;
  /** Where a sender may leave the event_id out. */
  readonly mintEventId?: (nowMs: number) => string;
}

/**
 * Checks and fills the fields of a checked record that say where and when it came in. Returns the event_id when it
 * was minted.
 */
export function settleEnvelope(record: DraftRecord, entrance: Entrance, fault: Fault): string | undefined {
  const { source, now, maxFutureMs, sourceSystem, mintEventId } = entrance;
  const raise = (field: string, code: EventFaultCode, message: string): undefined => {
    fault.raise(code, message);
    return fault.under(field);
  };
  const { source: given, event_id: id } = record;
  if (given !== 'unknown' && given !== source) {
    return raise('source', 'SOURCE', `this event_type belongs to source ${source}`);
  }
  if (Number(record['event_time']) > now + maxFutureMs) {
    return raise('event_time', 'FUTURE', `lies more than ${maxFutureMs} ms ahead of the platform`);
  }
  record['source'] = source;
  record['ingest_time'] = now;
  if (sourceSystem !== undefined) record['source_system'] = sourceSystem;
  if (id === '' && mintEventId !== undefined) {
    const minted = mintEventId(now);
    record['event_id'] = minted;
    return minted;
  }
  if (typeof id !== 'string' || !isUuid(id)) return raise('event_id', 'EVENT-ID', 'must be a UUID');
  record['event_id'] = id.toLowerCase();
  return undefined;
}
