import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '@zhongtai/runtime';
import { schemaText, topics } from '@zhongtai/schemas';
import { AvroCodec } from './codec.ts';
import type { DeadLetter } from './dead-letter-types.ts';
import { createDeadLetters } from './dead-letters.ts';
import { HighwayError } from './errors.ts';
import { createHighwayMetrics } from './metrics.ts';
import type { OutMessage } from './publisher-types.ts';

const letter: DeadLetter = {
  topic: 'highway.payment',
  partition: 2,
  offset: 7,
  stage: 'test',
  reason: 'ZT-TEST',
  message: 'a field is missing',
  key: Buffer.from('k'),
  value: Buffer.from('original'),
  timestampMs: 5,
};

function setUp(mostBytes = 10_000) {
  const published: OutMessage[][] = [];
  const ensured: string[] = [];
  const failures: HighwayError[] = [];
  const metrics = createHighwayMetrics(createMetrics());
  const topic = topics['dead-letter'];
  if (topic === undefined) throw new Error('no topic dead-letter in the catalogue');
  const registry = { register: async () => 7, find: async () => null };
  const contract = { schemaText, subjectOf: () => 'dead-letter-value', deadLetterTopic: topic };
  const codec = new AvroCodec(registry, contract, metrics, () => 9);
  const publisher = {
    start: async () => undefined,
    stop: async () => undefined,
    publish: async (messages: readonly OutMessage[]) => {
      published.push([...messages]);
      if (messages.every(({ value }) => (value?.length ?? 0) <= mostBytes)) return [];
      throw new HighwayError('ZT-HIGHWAY-TOO-LARGE', 'too large');
    },
    bytesInFlight: 0,
    capacityBytes: 0,
    healthy: true,
  };
  const sourceOf = (name: string) => topics[name]?.source ?? null;
  const ensureTopic = async () => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    ensured.push(topic.name);
  };
  const parts = { topic, ensureTopic, codec, metrics, sourceOf, seal: undefined, clock: () => 9 };
  const letters = createDeadLetters({ ...parts, publisher: async () => publisher });
  const eventOf = (message: OutMessage | undefined) => codec.decode(message?.value ?? Buffer.alloc(0)).value;
  return { letters, published, ensured, failures, eventOf };
}

describe('dead letters', () => {
  it('go in one publish, each with its place as the key', async () => {
    const { letters, published } = setUp();
    await letters.send([letter, { ...letter, offset: 8 }, { ...letter, offset: 9 }]);
    await letters.send([]);
    const keys = published.map((messages) => messages.map(({ key }) => key));
    expect(keys).toEqual([['highway.payment-2-7', 'highway.payment-2-8', 'highway.payment-2-9']]);
  });

  it('make their topic before the first of them, and ask again when the broker was away', async () => {
    const { letters, published, ensured, failures } = setUp();
    failures.push(new HighwayError('ZT-HIGHWAY-AWAY', 'away'));
    await expect(letters.send([letter])).rejects.toMatchObject({ failure: 'retryable' });
    await letters.send([letter]);
    await letters.send([letter]);
    expect(ensured).toEqual(['dead-letter']);
    expect(published).toHaveLength(2);
  });

  it('say truly from which source they came, how often they were tried and what failed', async () => {
    const { letters, published, eventOf } = setUp();
    await letters.send([
      letter,
      { ...letter, topic: 'reference.member', attempts: 3, failure: 'retryable' },
      { ...letter, topic: 'of-others' },
    ]);
    const events = published.flat().map(eventOf);
    expect(events).toMatchObject([
      { source: 'payment', attempts: 1, failure: 'bad_record', failed_at: 9 },
      { source: 'unknown', attempts: 3, failure: 'retryable' },
      { source: 'unknown', topic: 'of-others' },
    ]);
  });

  it('that are too large go without their value and say so, and the others whole', async () => {
    const { letters, published, eventOf } = setUp();
    await letters.send([
      { ...letter, value: Buffer.alloc(20_000) },
      { ...letter, offset: 8 },
    ]);
    const [all, ...singly] = published;
    expect(all).toHaveLength(2);
    const stored = singly.flat().filter(({ value }) => (value?.length ?? 0) <= 10_000);
    const events = stored.map(eventOf).sort((a, b) => offsetOf(a) - offsetOf(b));
    expect(events).toMatchObject([
      { offset: 7, value: null, message: expect.stringContaining('20000 bytes is too large') },
      { offset: 8, value: Buffer.from('original') },
    ]);
  });
  it('as messages of their own are those that would be sent, and without their value beyond a usual limit', async () => {
    const { letters, published, eventOf } = setUp();
    await letters.prepare();
    const large = { ...letter, offset: 8, value: Buffer.alloc(1_000_000) };
    const [whole, cut] = [letter, large].map((one) => letters.message(one));
    await letters.send([letter]);
    expect(whole).toEqual(published[0]?.[0]);
    expect(cut).toMatchObject({ key: 'highway.payment-2-8' });
    expect(cut === undefined ? null : eventOf(cut)).toMatchObject({
      value: null,
      message: expect.stringContaining('1000000 bytes is too large'),
    });
  });
});

function offsetOf(event: unknown): number {
  return typeof event === 'object' && event !== null && 'offset' in event ? Number(event.offset) : -1;
}
