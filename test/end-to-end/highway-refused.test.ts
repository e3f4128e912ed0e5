import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Highway, Publisher, RawRecord, Received, Seal } from '@zhongtai/highway';
import { schemaText } from '@zhongtai/schemas';
import {
  type Addresses,
  addresses,
  deadLetterTopic,
  eventually,
  highwayAt,
  newTopic,
} from './highway-fixture.ts';

const letterText = schemaText('zhongtai.platform.DeadLetter');
const secret = randomBytes(32);
const seal: Seal = (bytes) => {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', secret, iv);
  const ciphertext = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return { keyId: 'test-1', iv, tag: cipher.getAuthTag(), ciphertext };
};

let at: Addresses;
let highway: Highway;
let publisher: Publisher;
const created: string[] = [deadLetterTopic.name];

beforeAll(async () => {
  at = await addresses(['kafka', 'registry']);
  highway = highwayAt(at, { letterText, seal });
  publisher = highway.createPublisher();
  await publisher.start();
}, 120_000);

afterAll(async () => {
  await publisher.stop();
  await highway.admin.deleteTopics(created);
  await highway.close();
  await at.stop();
}, 60_000);

async function freshTopic(retentionMs: number | null) {
  const topic = { ...newTopic(1), retentionMs };
  await highway.admin.ensureTopics([topic]);
  created.push(topic.name);
  return topic;
}

describe('what the broker refuses', () => {
  it('is a bad record when it has no key on a compacted topic, and what follows is stored', async () => {
    const topic = await freshTopic(null);
    const message = { topic: topic.name, value: Buffer.from('v'), timestampMs: Date.now() };
    await expect(publisher.publish([{ ...message, key: null }])).rejects.toMatchObject({
      code: 'ZT-HIGHWAY-REFUSED',
      failure: 'bad_record',
    });
    await expect(publisher.publish([{ ...message, key: 'k' }])).resolves.toHaveLength(1);
  });

  it('is refused alone: what shares its batch is stored, and what follows too', async () => {
    const topic = await freshTopic(null);
    const message = { topic: topic.name, value: Buffer.from('v'), timestampMs: Date.now() };
    const keys = Array.from({ length: 40 }, (_, n) => (n === 11 ? null : `k${n}`));
    const outcomes = await Promise.allSettled(keys.map((key) => publisher.publish([{ ...message, key }])));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([outcomes[11]]);
    await publisher.publish([{ ...message, key: 'next' }]);
    expect(await highway.admin.endOffsets(topic.name)).toMatchObject([{ end: 40 }]);
  });

  it('is a bad record when it is too large, and what follows is stored', async () => {
    const topic = await freshTopic(60_000);
    const message = { topic: topic.name, key: 'k', timestampMs: Date.now() };
    const tooLarge = publisher.publish([{ ...message, value: randomBytes(9 * 1024 * 1024) }]);
    await expect(tooLarge).rejects.toMatchObject({ code: 'ZT-HIGHWAY-TOO-LARGE', failure: 'bad_record' });
    await expect(publisher.publish([{ ...message, value: Buffer.from('v') }])).resolves.toHaveLength(1);
  });

  it('is fatal when a position lies behind the end of the log, and says where', async () => {
    const topic = await freshTopic(60_000);
    const fatal: unknown[] = [];
    const owner = highway.ownPartitions({
      groupId: `${topic.name}-range`,
      topics: [topic],
      onAssigned: async ({ partitions }) => {
        for (const place of partitions) owner.go(place, 99);
      },
      onRevoked: async () => undefined,
      onBatch: async () => undefined,
      onFatal: (error) => void fatal.push(error),
    });
    await owner.start();
    await eventually(() => fatal.length > 0);
    await owner.stop();
    expect(fatal).toEqual([
      expect.objectContaining({
        code: 'ZT-HIGHWAY-OUT-OF-RANGE',
        details: expect.objectContaining({ topic: topic.name, partition: 0, offset: 99 }),
      }),
    ]);
  });
});

describe('a dead letter that came in clear', () => {
  const letter = {
    topic: 'highway.order',
    partition: 3,
    offset: -1,
    stage: 'api-gateway',
    reason: 'ZT-TEST',
    message: 'a field is missing',
    key: Buffer.from('0912345678'),
    value: Buffer.from('{"phone":"0912345678","name":"王小明"}'),
    headers: { note: Buffer.from('0912345678') },
    timestampMs: 5,
    clear: true,
  };

  async function lettersIn(): Promise<{ raw: RawRecord[]; letters: Received<SealedLetter>[] }> {
    const raw: RawRecord[] = [];
    const letters: Received<SealedLetter>[] = [];
    const owner = highway.ownPartitions({
      groupId: `${deadLetterTopic.name}-raw`,
      topics: [deadLetterTopic],
      onAssigned: async ({ partitions }) => {
        for (const place of partitions) owner.go(place, 0);
      },
      onRevoked: async () => undefined,
      onBatch: async ({ records }) => void raw.push(...records),
    });
    const subscription = highway.subscribe<SealedLetter>({
      groupId: `${deadLetterTopic.name}-typed`,
      topics: [deadLetterTopic],
      fromBeginning: true,
      onBatch: async (records) => void letters.push(...records),
    });
    await Promise.all([owner.start(), subscription.start()]);
    await eventually(() => raw.length > 0 && letters.length > 0);
    await Promise.all([owner.stop(), subscription.stop()]);
    return { raw, letters };
  }

  interface SealedLetter {
    readonly code: string;
    readonly key: Buffer | null;
    readonly value: Buffer;
    readonly headers: readonly unknown[];
    readonly key_id: string;
    readonly iv: Buffer;
    readonly tag: Buffer;
  }

  it('lies on the topic sealed, opens with the key alone, and shows no clear byte', async () => {
    await highway.deadLetters.send([letter]);
    const { raw, letters } = await lettersIn();
    const { event } = letters[0] ?? {};
    expect(event).toMatchObject({ code: 'ZT-TEST', key: null, headers: [], key_id: 'test-1' });
    const open = createDecipheriv('aes-256-gcm', secret, event?.iv ?? Buffer.alloc(0));
    open.setAuthTag(event?.tag ?? Buffer.alloc(0));
    const opened = Buffer.concat([open.update(event?.value ?? Buffer.alloc(0)), open.final()]);
    expect(opened.equals(letter.value)).toBe(true);
    for (const record of raw) {
      expect(String(record.key)).toBe('highway.order-3--1');
      for (const clear of ['0912345678', '王小明']) expect(record.value?.includes(clear)).toBe(false);
    }
  });

  it('is not sent at all where nothing can seal it', async () => {
    const without = highwayAt(at, { letterText });
    await expect(without.deadLetters.send([letter])).rejects.toMatchObject({
      code: 'ZT-HIGHWAY-NO-SEAL',
      failure: 'fatal',
    });
    await without.close();
  });
});
