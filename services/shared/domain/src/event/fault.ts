import type { IdentifierReason } from '../identity/reasons.ts';

/** What can be wrong with an event. Whoever refuses it puts a prefix of its own before: `ZT-GATEWAY-TYPE`. */
export const eventFaults = [
  /** The event is no object, or a field has another type than the schema's. */
  'TYPE',
  /** A field without default is absent. */
  'MISSING',
  /** The schema of this event_type has no such field. */
  'UNKNOWN-FIELD',
  /** No record of the contract has this event_type. */
  'UNKNOWN-TYPE',
  /** The value is none of the enum's symbols. */
  'ENUM',
  /** A number outside what its field holds. */
  'RANGE',
  /** A string, list or map beyond its limit. */
  'TOO-LONG',
  /** Nested deeper than the limit. */
  'TOO-DEEP',
  /** Half of a surrogate pair. */
  'SURROGATE',
  /** No time that can be read. */
  'TIME',
  /** event_time lies further ahead of the platform's clock than allowed. */
  'FUTURE',
  /** event_id is not a UUID. */
  'EVENT-ID',
  /** `source` is not the one of the event_type, or the sender may not send it. */
  'SOURCE',
  /** Fits its schema but not one record of Kafka. */
  'RECORD-TOO-LARGE',
] as const;
export type EventFaultCode = (typeof eventFaults)[number];

/** The code of a fault as its refuser tells it; the reasons of identifiers are the same everywhere. */
export type RefusedAs<Prefix extends string> = `${Prefix}-${EventFaultCode}` | IdentifierReason;

/**
 * The one thing wrong with a record, with the way to it. A check that fails raises it and returns; each level
 * above adds its own name to the way. A valid record costs nothing: no path is built, nothing is thrown.
 */
export class Fault {
  raised = false;
  code: EventFaultCode | IdentifierReason = 'TYPE';
  message = '';
  #segments: string[] = [];

  raise(code: EventFaultCode | IdentifierReason, message: string): undefined {
    this.raised = true;
    this.code = code;
    this.message = message;
    this.#segments = [];
  }

  /** Says that what was raised lies under this field or index. */
  under(segment: string | number): undefined {
    this.#segments.push(String(segment));
  }

  reset(): void {
    this.raised = false;
  }

  /** The way as a JSON pointer (RFC 6901): `/lines/0/qty`; '' is the record itself. */
  get path(): string {
    return this.#segments
      .toReversed()
      .map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`)
      .join('');
  }

  codeFor<Prefix extends string>(prefix: Prefix): RefusedAs<Prefix> {
    return isIdentifierReason(this.code) ? this.code : `${prefix}-${this.code}`;
  }
}

function isIdentifierReason(code: EventFaultCode | IdentifierReason): code is IdentifierReason {
  return code.startsWith('ZT-ID-');
}
