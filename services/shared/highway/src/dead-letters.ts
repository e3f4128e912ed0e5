import { codeOf } from '@zhongtai/runtime';
import type { TopicRef } from './catalogue.ts';
import type { Codec } from './codec-types.ts';
import type { DeadLetter, DeadLetters, Seal } from './dead-letter-types.ts';
import { HighwayError } from './errors.ts';
import type { HighwayMetrics } from './metrics.ts';
import type { OutMessage, Publisher } from './publisher-types.ts';

/** Any broker takes this much; a refused letter would take the transaction that it is part of with it. */
const mostLetterBytes = 900_000;

interface DeadLetterParts {
  readonly topic: TopicRef;
  /** The kind of source system that fills a topic; null when there is not one. */
  readonly sourceOf: (topic: string) => string | null;
  /** Creates the topic where it is missing: the first bad record must not find that nobody thought of it. */
  readonly ensureTopic: () => Promise<void>;
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
  let prepared: Promise<unknown> | null = null;
  const prepare = () => {
    // A broker or registry that was away must be asked again by the next letter.
    prepared ??= Promise.all([parts.ensureTopic(), codec.prepare([topic])]).catch((error: unknown) => {
      prepared = null;
      throw error;
    });
    return prepared;
  };
  const messageOf = (letter: DeadLetter, content: Content): OutMessage => ({
    topic: topic.name,
    key: `${letter.topic}-${letter.partition}-${letter.offset}`,
    value: codec.encode(topic.name, recordName, {
      ...described(letter, parts.sourceOf(letter.topic), clock()),
      ...content,
    }),
    timestampMs: clock(),
  });

  const publish = async (publisher: Publisher, letters: readonly DeadLetter[]): Promise<void> => {
    try {
      await publisher.publish(letters.map((letter) => messageOf(letter, contentOf(letter, parts.seal))));
    } catch (error) {
      if (codeOf(error) !== 'ZT-HIGHWAY-TOO-LARGE') throw error;
      const [only, ...others] = letters;
      if (only === undefined) return;
      if (others.length > 0) await Promise.all(letters.map((letter) => publish(publisher, [letter])));
      else await publisher.publish([messageOf(withoutValue(only), noContent)]);
    }
  };

  return {
    prepare: async () => void (await prepare()),
    message(letter) {
      const whole = messageOf(letter, contentOf(letter, parts.seal));
      if ((whole.value?.length ?? 0) <= mostLetterBytes) return whole;
      return messageOf(withoutValue(letter), noContent);
    },
    async send(letters) {
      if (letters.length === 0) return;
      await prepare();
      await publish(await parts.publisher(), letters);
      for (const { stage, reason } of letters) metrics.deadLetters.inc({ stage, reason });
    },
  };
}

function described(letter: DeadLetter, source: string | null, now: number) {
  return {
    topic: letter.topic,
    partition: letter.partition,
    offset: letter.offset,
    hop: letter.stage,
    code: letter.reason,
    failure: letter.failure ?? 'bad_record',
    message: letter.message,
    path: letter.path ?? null,
    event_id: letter.eventId ?? null,
    event_type: letter.eventType ?? null,
    source: source ?? 'unknown',
    source_system: letter.sourceSystem ?? null,
    schema_id: signed(letter.schemaId),
    record_time: letter.timestampMs,
    failed_at: now,
    attempts: letter.attempts ?? 1,
  };
}

/** The contract has the id as an int; ids that rubbish bytes pretend to have may pass 2^31. */
function signed(schemaId: number | undefined): number | null {
  return schemaId === undefined ? null : schemaId | 0;
}

/** The original bytes as they lie on the topic: open, or sealed when they may hold clear identifiers. */
interface Content {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { key: string; value: Buffer }[];
  readonly key_id: string | null;
  readonly iv: Buffer | null;
  readonly tag: Buffer | null;
}

const noContent: Content = { key: null, value: null, headers: [], key_id: null, iv: null, tag: null };

function contentOf(letter: DeadLetter, seal: Seal | undefined): Content {
  if (letter.clear !== true) {
    const headers = Object.entries(letter.headers ?? {}).map(([key, value]) => ({ key, value }));
    return { ...noContent, key: letter.key, value: letter.value, headers };
  }
  if (seal === undefined) {
    throw new HighwayError('ZT-HIGHWAY-NO-SEAL', 'a dead letter in clear needs a seal', {
      details: { stage: letter.stage },
    });
  }
  if (letter.value === null) return noContent;
  const { keyId, iv, tag, ciphertext } = seal(letter.value);
  return { ...noContent, value: ciphertext, key_id: keyId, iv, tag };
}

function withoutValue(letter: DeadLetter): DeadLetter {
  const bytes = letter.value?.length ?? 0;
  return { ...letter, message: `${letter.message} (the value of ${bytes} bytes is too large for a letter)` };
}
