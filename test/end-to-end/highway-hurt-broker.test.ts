import { open } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Highway, Publisher, RawBatch, RawRecord, TopicRef } from '@zhongtai/highway';
import type { Stack } from '@zhongtai/local';
import { kafkaTools } from '@zhongtai/scripts/kafka-tools.ts';
import { eventually, highwayAt, newTopic, ownStack } from './highway-fixture.ts';
import { expectAccounted, expectOrder, readAll, startLoad } from './highway-load.ts';
import { produceByJava } from './java-producer.ts';
import { batchesOf, type LogFile, logFile, withChecksum } from './log-file.ts';

/** One broker of our own for all that hurts one: killed, stopped, its files changed. */
let stack: Stack;
let kafka: string;
let directory: string;
let stop: () => Promise<void>;
let highway: Highway;
let publisher: Publisher;

beforeAll(async () => {
  ({ stack, stop, directory } = await ownStack(['kafka']));
  kafka = stack.endpoints.kafka ?? '';
  highway = highwayAt({ kafka, registry: 'http://127.0.0.1:1' });
  publisher = highway.createPublisher();
  await publisher.start();
}, 120_000);

afterAll(async () => {
  await publisher.stop();
  await highway.close();
  await stop();
}, 60_000);

async function underLoad(timeoutMs: number) {
  const topic = newTopic();
  await highway.admin.ensureTopics([topic]);
  const loaded = highway.createPublisher({ timeoutMs });
  await loaded.start();
  const load = startLoad(loaded, topic);
  await eventually(() => load.acknowledged.length > 2_000);
  return { topic, loaded, load };
}

describe('a broker that is killed', () => {
  it('costs no acknowledged record, doubles none and turns none around', async () => {
    const { topic, loaded, load } = await underLoad(4_000);
    await stack.kill('kafka', 'SIGKILL');
    const before = load.acknowledged.length;
    await stack.healthy('kafka');
    await eventually(() => loaded.healthy && load.acknowledged.length > before + 2_000, 30_000);
    await load.end();
    expect(loaded.bytesInFlight).toBe(0);
    await loaded.stop();

    const ids = await readAll(highway, topic);
    expectAccounted(ids, load);
    expectOrder(ids);
    expect([...load.failures].every((failure) => failure === 'retryable')).toBe(true);
  }, 90_000);
});

describe('a broker that hangs for three times the time limit', () => {
  it('is a retryable error in time, and afterwards all that was acknowledged is there once', async () => {
    const timeoutMs = 1_500;
    const { topic, loaded, load } = await underLoad(timeoutMs);
    await stack.kill('kafka', 'SIGSTOP');
    try {
      await new Promise((resolve) => setTimeout(resolve, 3 * timeoutMs));
      expect(load.refused.length).toBeGreaterThan(0);
      expect(loaded.healthy).toBe(false);
    } finally {
      await stack.kill('kafka', 'SIGCONT');
    }
    const before = load.acknowledged.length;
    await eventually(() => loaded.healthy && load.acknowledged.length > before + 2_000, 30_000);
    await load.end();
    expect(loaded.bytesInFlight).toBe(0);
    await loaded.stop();

    expect(load.slowestMs()).toBeLessThan(timeoutMs + 1_000);
    expect([...load.failures]).toEqual(['retryable']);
    const ids = await readAll(highway, topic);
    expectAccounted(ids, load);
    // What was refused may have lain in the broker's socket and be stored late, behind newer records.
    const acknowledged = new Set(load.acknowledged);
    expectOrder(ids.filter((id) => acknowledged.has(id)));
  }, 90_000);
});

/** Reads topics of one partition from their beginning. */
async function read(topics: readonly TopicRef[]) {
  const records = new Map<string, RawRecord[]>(topics.map(({ name }) => [name, []]));
  const fatal: unknown[] = [];
  const owner = highway.ownPartitions({
    groupId: `${topics[0]?.name}-reader`,
    topics,
    onAssigned: async ({ partitions }) => {
      for (const place of partitions) owner.go(place, 0);
    },
    onRevoked: async () => undefined,
    onBatch: async ({ topic, records: some }: RawBatch) => void records.get(topic)?.push(...some),
    onFatal: (error) => void fatal.push(error),
  });
  await owner.start();
  const valuesOf = (topic: TopicRef) => (records.get(topic.name) ?? []).map(({ value }) => String(value));
  return { owner, fatal, valuesOf, recordsOf: (topic: TopicRef) => records.get(topic.name) ?? [] };
}

describe("batches of Java's producer", () => {
  const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

  it('are read record for record under every codec', async () => {
    const tools = await kafkaTools(() => undefined);
    const topics = codecs.map(() => newTopic(1));
    await highway.admin.ensureTopics(topics);
    const line = (n: number) => `鍵-${n % 97}\t${n} ${'訂單 an order, '.repeat(n % 40)}${(n * 7919) % 1e6}`;
    const lines = Array.from({ length: 2_000 }, (_, n) => line(n));
    await Promise.all(
      codecs.map((codec, i) => produceByJava(tools, kafka, topics[i]?.name ?? '', codec, lines)),
    );
    const { owner, fatal, recordsOf } = await read(topics);
    await eventually(() => topics.every((topic) => recordsOf(topic).length >= lines.length), 30_000);
    await owner.stop();
    expect(fatal).toEqual([]);
    for (const [i, topic] of topics.entries()) {
      expect(recordsOf(topic).map(({ key, value }) => `${key}\t${value}`)).toEqual(lines);
      expect(recordsOf(topic).map(({ offset }) => offset)).toEqual(lines.map((_, n) => n));
      // The producer did what it was asked for, else nothing is proved.
      const log = await logFile(directory, topic.name);
      const used = batchesOf(await log.bytes()).map(({ codec }) => codec);
      expect([...new Set(used)]).toEqual([i]);
    }
  }, 120_000);
});

describe('a batch that cannot be read', () => {
  async function topicOf(values: readonly string[]): Promise<{ topic: TopicRef; log: LogFile }> {
    const topic = newTopic(1);
    await highway.admin.ensureTopics([topic]);
    for (const value of values) await send(topic, value);
    return { topic, log: await logFile(directory, topic.name) };
  }

  // Stamped now: the broker looks for what is past its retention soon after it starts, and deletes the old.
  const send = (topic: TopicRef, value: string) =>
    publisher.publish([{ topic: topic.name, key: 'k', value: Buffer.from(value), timestampMs: Date.now() }]);

  /** Changes the second batch of a log under the broker's feet; answers what undoes it. */
  async function hurtSecond({ path, bytes }: LogFile, change: (batch: Buffer) => Buffer) {
    const second = batchesOf(await bytes())[1];
    if (second === undefined) throw new Error('the log has no second batch');
    const write = async (batch: Buffer) => {
      const file = await open(path, 'r+');
      await file.write(batch, 0, batch.length, second.at).finally(() => file.close());
    };
    await write(change(Buffer.from(second.bytes)));
    return () => write(second.bytes);
  }

  const flipped = (batch: Buffer) => {
    batch[batch.length - 1] = (batch.at(-1) ?? 0) ^ 1;
    return batch;
  };
  const ofUnknownCodec = (batch: Buffer) => {
    batch.writeInt16BE(6, 21);
    return withChecksum(batch);
  };

  it('is named, holds its own partition alone, and is passed only when somebody says so', async () => {
    const [good, passing, corrupt, unknown] = await Promise.all([
      topicOf(['a']),
      topicOf(['a', 'b', 'c']),
      topicOf(['a', 'b', 'c']),
      topicOf(['a', 'b', 'c']),
    ]);
    const mendPassing = await hurtSecond(passing.log, flipped);
    const mendCorrupt = await hurtSecond(corrupt.log, flipped);
    await hurtSecond(unknown.log, ofUnknownCodec);
    const { owner, fatal, valuesOf } = await read(
      [good, passing, corrupt, unknown].map(({ topic }) => topic),
    );

    await eventually(() => [corrupt, unknown, passing].every(({ topic }) => valuesOf(topic)[0] === 'a'));
    await eventually(() => fatal.length === 1);
    expect(fatal[0]).toMatchObject({
      code: 'ZT-HIGHWAY-UNREADABLE',
      failure: 'fatal',
      message: `${unknown.topic.name}/0 at offset 1: a record batch is compressed by unknown codec 6`,
      details: { topic: unknown.topic.name, partition: 0, offset: 1, nextOffset: 2 },
    });
    await mendPassing();
    await eventually(() => valuesOf(passing.topic).length === 3);

    await eventually(() => fatal.length === 2);
    expect(fatal[1]).toMatchObject({
      code: 'ZT-HIGHWAY-CORRUPT',
      failure: 'fatal',
      message: `${corrupt.topic.name}/0 at offset 1: a record batch with a wrong checksum`,
      details: { topic: corrupt.topic.name, partition: 0, offset: 1 },
    });
    await send(good.topic, 'b');
    await eventually(() => valuesOf(good.topic).length === 2);
    expect(valuesOf(corrupt.topic)).toEqual(['a']);
    expect(valuesOf(unknown.topic)).toEqual(['a']);

    await mendCorrupt();
    owner.go({ topic: corrupt.topic.name, partition: 0 }, 1);
    owner.go({ topic: unknown.topic.name, partition: 0 }, 2);
    await eventually(() => valuesOf(corrupt.topic).length === 3 && valuesOf(unknown.topic).length === 2);
    expect(valuesOf(unknown.topic)).toEqual(['a', 'c']);
    expect(fatal).toHaveLength(2);
    await owner.stop();
  }, 60_000);

  it('is named by the log reader too, which reads on behind it or when it is mended', async () => {
    const [passing, corrupt, unknown] = await Promise.all([1, 2, 3].map(() => topicOf(['a', 'b', 'c'])));
    if (passing === undefined || corrupt === undefined || unknown === undefined) throw new Error('no topics');
    const mendPassing = await hurtSecond(passing.log, flipped);
    await hurtSecond(corrupt.log, flipped);
    await hurtSecond(unknown.log, ofUnknownCodec);
    const reader = highway.createStreamLog().createReader();
    const at = ({ topic }: { topic: TopicRef }) => ({ topic: topic.name, partition: 0 });
    const valuesFrom = async (of: { topic: TopicRef }, offset: number) =>
      (await reader.read(at(of), offset))?.records.map(({ value }) => String(value));

    expect(await valuesFrom(unknown, 0)).toEqual(['a']);
    await expect(reader.read(at(unknown), 1)).rejects.toMatchObject({
      code: 'ZT-HIGHWAY-UNREADABLE',
      failure: 'fatal',
      details: { ...at(unknown), offset: 1, nextOffset: 2 },
    });
    expect(await valuesFrom(unknown, 2)).toEqual(['c']);
    await expect(reader.read(at(corrupt), 1)).rejects.toMatchObject({
      code: 'ZT-HIGHWAY-CORRUPT',
      failure: 'fatal',
      details: { ...at(corrupt), offset: 1 },
    });
    const reading = valuesFrom(passing, 1);
    await new Promise((resolve) => setTimeout(resolve, 250));
    await mendPassing();
    expect(await reading).toEqual(['b', 'c']);
    await reader.close();
  }, 60_000);
});
