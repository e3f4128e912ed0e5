import type { TopicRef } from './catalogue.ts';
import type { Codec } from './codec-types.ts';
import type { DeadLetter, DeadLetters, Seal } from './dead-letter-types.ts';
import { HighwayError } from './errors.ts';
import type { HighwayMetrics } from './metrics.ts';
import type { Publisher } from './publisher-types.ts';

interface DeadLetterParts {
  readonly topic: TopicRef;
  readonly codec: Codec;
  /** A started publisher. */
  readonly publisher: () => Promise<Publisher>;
  readonly metrics: HighwayMetrics;
  readonly clock: () => number;
  readonly seal: Seal | undefined;
}

export function createDeadLetters(parts: DeadLetterParts): DeadLetters {
  const { topic, codec, metrics, clock } = parts;
  const recordName = topic.records[0]?.name ?? '';
  let prepared: Promise<void> | null = null;
  const prepare = () => {
    // A registry that was away must be asked again by the next letter.
    prepared ??= codec.prepare([topic]).catch((error: unknown) => {
      prepared = null;
      throw error;
    });
    return prepared;
  };
  return {
    async send(letter) {
      const content = letter.clear === true ? sealed(letter, parts.seal) : open(letter);
      await prepare();
      const value = codec.encode(topic.name, recordName, { ...described(letter, clock()), ...content });
      const publisher = await parts.publisher();
      const key = `${letter.topic}-${letter.partition}-${letter.offset}`;
      await publisher.publish([{ topic: topic.name, key, value, timestampMs: clock() }]);
      metrics.deadLetters.inc({ stage: letter.stage, reason: letter.reason });
    },
  };
}

function described(letter: DeadLetter, now: number) {
  return {
    topic: letter.topic,
    partition: letter.partition,
    offset: letter.offset,
    hop: letter.stage,
    code: letter.reason,
    failure: 'bad_record',
    message: letter.message,
    path: letter.path ?? null,
    event_id: letter.eventId ?? null,
    event_type: letter.eventType ?? null,
    source: 'unknown',
    source_system: letter.sourceSystem ?? null,
    schema_id: signed(letter.schemaId),
    record_time: letter.timestampMs,
    failed_at: now,
    attempts: 1,
  };
}

/** The contract has the id as an int; ids that rubbish bytes pretend to have may pass 2^31. */
function signed(schemaId: number | undefined): number | null {
  return schemaId === undefined ? null : schemaId | 0;
}

function open(letter: DeadLetter) {
  const headers = Object.entries(letter.headers ?? {}).map(([key, value]) => ({ key, value }));
  return { key: letter.key, value: letter.value, headers, key_id: null, iv: null, tag: null };
}

function sealed(letter: DeadLetter, seal: Seal | undefined) {
  if (seal === undefined) {
    throw new HighwayError('ZT-HIGHWAY-NO-SEAL', 'a dead letter in clear needs a seal', {
      details: { stage: letter.stage },
    });
  }
  if (letter.value === null)
    return { key: null, value: null, headers: [], key_id: null, iv: null, tag: null };
  const { keyId, iv, tag, ciphertext } = seal(letter.value);
  return { key: null, value: ciphertext, headers: [], key_id: keyId, iv, tag };
}
