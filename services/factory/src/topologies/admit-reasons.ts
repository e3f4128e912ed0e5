import type { EventFaultCode } from '@zhongtai/domain';
import type { Context } from '@zhongtai/streams';

/**
 * Why `admit` sets an event aside, as it stands on `dead-letter`. Reasons of identifiers (`ZT-ID-…`) are the same
 * everywhere; those of the codec (`ZT-HIGHWAY-…`) and of the engine (`ZT-STREAMS-…`) are theirs. The README's table
 * repeats this one.
 */
export const admitReasons = {
  'ZT-ADMIT-TYPE': "a field has another type than the schema's",
  'ZT-ADMIT-MISSING': 'a required field, or the id that the topic is kept by, is absent',
  'ZT-ADMIT-UNKNOWN-FIELD':
    'a field that the schema does not have, or `link`, which only the platform fills in',
  'ZT-ADMIT-UNKNOWN-TYPE': "no event type of the contract, or not that of the record's schema",
  'ZT-ADMIT-ENUM': "a value that is none of the enum's symbols",
  'ZT-ADMIT-RANGE': 'a number outside what its field holds',
  'ZT-ADMIT-TOO-LONG': 'a text, list or map beyond its limit',
  'ZT-ADMIT-TOO-DEEP': 'nested deeper than the limit',
  'ZT-ADMIT-SURROGATE': 'half of a surrogate pair in a text',
  'ZT-ADMIT-TIME': 'no time that can be read',
  'ZT-ADMIT-FUTURE': 'event_time lies further ahead of the ingest time than `MAX_FUTURE_MS`',
  'ZT-ADMIT-EVENT-ID': 'event_id is not a UUID',
  'ZT-ADMIT-SOURCE': 'an event of another source than the topic',
  'ZT-ADMIT-RECORD-TOO-LARGE': 'larger than one record of Kafka may be',
  'ZT-ADMIT-CONTENT': 'an event_id that was let through before with other content',
} as const satisfies Record<`ZT-ADMIT-${EventFaultCode | 'CONTENT'}`, string>;

/** Sets the record in hand aside for a reason of the list. */
export function setAside(context: Context, reason: keyof typeof admitReasons, message: string): void {
  context.deadLetter(reason, message);
}
