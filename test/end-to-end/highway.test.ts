import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Assignment, Highway, PartitionOwner, Publisher, RawBatch, Received } from '@zhongtai/highway';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { schemaText } from '@zhongtai/schemas';
import kafkajs from 'kafkajs';
import {
  type Addresses,
  addresses,
  deadLetterTopic,
  eventually,
  highwayAt,
  newTopic,
  record,
  recordName,
  type Thing,
  thingText,
} from './highway-fixture.ts';

let at: Addresses;
let highway: Highway;
let publisher: Publisher;
const metrics = createMetrics();
const created: string[] = [];

async function freshTopic(partitions: 'P' | number = 'P') {
  const topic = newTopic(partitions);
  await highway.admin.ensureTopics([topic]);
  await highway.codec.prepare([topic]);
  created.push(topic.name);
  return topic;
}

const group = (name: string) => `${created.at(-1)}-${name}`;

beforeAll(async () => {
  at = await addresses(['kafka', 'registry']);
  highway = highwayAt(at, { letterText: schemaText('zhongtai.platform.DeadLetter'), metrics });
  created.push(deadLetterTopic.name);
  publisher = highway.createPublisher();
  await publisher.start();
}, 120_000);

afterAll(async () => {
  await publisher.stop();
  await highway.admin.deleteTopics(created);
  await highway.close();
  await at.stop();
}, 60_000);

describe('publish and subscribe', () => {
  it('bring every event back typed, in order per key, in the partition that Java would choose', async () => {
    const topic = await freshTopic();
    const things = Array.from({ length: 5_000 }, (_, n): Thing => ({ id: `key-${n % 37}`, n }));
    const timestampMs = Date.now();
    const sends = [];
    for (let i = 0; i < things.length; i += 250) {
      const messages = things
        .slice(i, i + 250)
        .map((thing) => highway.message(topic, record, thing, timestampMs));
      sends.push(publisher.publish(messages));
    }
    const stored = (await Promise.all(sends)).flat();
    const received: Received<Thing>[] = [];
    const subscription = highway.subscribe<Thing>({
      groupId: group('typed'),
      topics: [topic],
      fromBeginning: true,
      onBatch: async (records) => void received.push(...records),
    });
    await subscription.start();
    await eventually(() => received.length >= things.length);
    await subscription.stop();

    expect(received).toHaveLength(things.length);
    const partitioner = kafkajs.Partitioners.DefaultPartitioner();
    const partitionMetadata = [0, 1, 2, 3].map((partitionId) => ({ partitionId, leader: 1 })) as never;
    for (const { key, partition, event, offset } of received) {
      const message = { key, value: '' };
      expect(partition).toBe(partitioner({ topic: topic.name, partitionMetadata, message }));
      expect(stored[event?.n ?? -1]).toEqual({ partition, offset });
    }
    for (let k = 0; k < 37; k++) {
      const ofKey = received.filter(({ key }) => key === `key-${k}`).map(({ event }) => event?.n ?? -1);
      expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
    }
    expect(await highway.admin.lag(group('typed'), topic.name)).toBe(0);
    expect(received[0]).toMatchObject({ recordName, timestampMs });
    expect(String(received[0]?.headers['zt-seq'])).toMatch(/^\d+$/);
  });

  it('is read by a plain client, compressed by zstd on the wire', async () => {
    const topic = await freshTopic(1);
    const note = 'x'.repeat(2_000);
    await publisher.publish([
      { topic: topic.name, key: 'k', value: Buffer.from(note), timestampMs: Date.now() },
    ]);
    const codecs: number[] = [];
    const { zstdDecompressSync } = await import('node:zlib');
    kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
      compress: () => Promise.reject(new Error('reads only')),
      decompress: async (packed: Buffer) => {
        codecs.push(packed.length);
        return zstdDecompressSync(packed);
      },
    });
    const kafka = new kafkajs.Kafka({ brokers: [at.kafka], logLevel: kafkajs.logLevel.NOTHING });
    const consumer = kafka.consumer({ groupId: group('plain'), maxWaitTimeInMs: 100 });
    const values: string[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic: topic.name, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) });
    await eventually(() => values.length > 0);
    await consumer.disconnect();
    expect(values).toEqual([note]);
    expect(codecs[0]).toBeLessThan(500);
  });
});

describe('topics', () => {
  it('with another partition count than configured are refused, naming both and the remedy', async () => {
    const topic = await freshTopic(3);
    const error = await highway.admin.ensureTopics([{ ...topic, partitions: 'P' }]).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ZT-HIGHWAY-PARTITIONS', failure: 'fatal' });
    expect(String(error)).toMatch(new RegExp(`${topic.name} has 3 partitions.* 4: .*PARTITIONS=3`));
  });

  it('that are compacted and should not be, or should be and are not, are refused', async () => {
    const stream = await freshTopic(1);
    const table = { ...newTopic(1), retentionMs: null };
    await highway.admin.ensureTopics([table]);
    created.push(table.name);
    for (const [topic, found] of [
      [{ ...stream, retentionMs: null }, 'delete'],
      [{ ...table, retentionMs: 3_600_000 }, 'compact'],
    ] as const) {
      const details = expect.objectContaining({ topic: topic.name, found });
      const refused = { code: 'ZT-HIGHWAY-POLICY', failure: 'fatal', details };
      await expect(highway.admin.ensureTopics([topic])).rejects.toMatchObject(refused);
    }
    await highway.admin.ensureTopics([stream, table]);
  });

  it('that are kept for another time are named in a warning and left alone', async () => {
    const topic = await freshTopic(1);
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const other = highwayAt(at, { logger: createLogger({ name: 'test', level: 'warn', destination }) });
    await other.admin.ensureTopics([{ ...topic, retentionMs: 7_200_000 }]);
    await other.admin.ensureTopics([topic]);
    await other.close();
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ topic: topic.name, retentionMs: 3_600_000, wantedMs: 7_200_000 }),
    ]);
  });
});

describe('records that cannot be read', () => {
  it('go to the dead letters when the registry does not know their schema, and the rest goes on', async () => {
    const topic = await freshTopic(1);
    const good = highway.message(topic, record, { id: 'a', n: 1 }, Date.now());
    const unknown = Buffer.from([0, 0x7f, 0, 0, 1, 2, 65, 2]);
    await publisher.publish([good, { ...good, value: unknown }, { ...good, value: Buffer.from('{}') }, good]);
    const received: Received<Thing>[] = [];
    const letters: Received<{ topic: string; offset: number; code: string; value: Buffer }>[] = [];
    const things = highway.subscribe<Thing>({
      groupId: group('bad'),
      topics: [topic],
      fromBeginning: true,
      onBatch: async (records) => void received.push(...records),
    });
    const dead = highway.subscribe<{ topic: string; offset: number; code: string; value: Buffer }>({
      groupId: group('letters'),
      topics: [deadLetterTopic],
      fromBeginning: true,
      onBatch: async (records) => void letters.push(...records),
    });
    await Promise.all([things.start(), dead.start()]);
    await eventually(() => received.length >= 2 && letters.length >= 2);
    await Promise.all([things.stop(), dead.stop()]);
    expect(received.map(({ offset }) => offset)).toEqual([0, 3]);
    expect(letters.map(({ key, event }) => [key, event?.code])).toEqual([
      [`${topic.name}-0-1`, 'ZT-HIGHWAY-UNKNOWN-SCHEMA'],
      [`${topic.name}-0-2`, 'ZT-HIGHWAY-NOT-AVRO'],
    ]);
    expect(letters[0]?.event?.value.equals(unknown)).toBe(true);
  });

  it('wait while the registry is away, and are read when it is back', async () => {
    const topic = await freshTopic(1);
    await publisher.publish([highway.message(topic, record, { id: 'a', n: 1 }, Date.now())]);
    let registryThere = false;
    const { createServer } = await import('node:http');
    const proxy = createServer((request, response) => {
      if (!registryThere) return void response.writeHead(503).end('<html>away</html>');
      const { origin } = new URL(at.registry);
      void fetch(origin + request.url).then(async (answer) =>
        response.writeHead(answer.status).end(await answer.text()),
      );
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = proxy.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const reader = highwayAt({ kafka: at.kafka, registry: `http://127.0.0.1:${port}/apis/ccompat/v7` });
    const received: Received<Thing>[] = [];
    const subscription = reader.subscribe<Thing>({
      groupId: group('away'),
      topics: [topic],
      fromBeginning: true,
      onBatch: async (records) => void received.push(...records),
    });
    await subscription.start();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(received).toHaveLength(0);
    registryThere = true;
    await eventually(() => received.length === 1);
    await subscription.stop();
    await reader.close();
    proxy.close();
    expect(received[0]?.event).toEqual({ id: 'a', n: 1 });
  });

  it('are none when the schema has grown: both versions read both', async () => {
    const topic = await freshTopic(1);
    const newer = highwayAt(at, {
      text: thingText([{ name: 'extra', type: ['null', 'string'], default: null }]),
    });
    await newer.codec.prepare([topic]);
    const writer = newer.createPublisher();
    await writer.start();
    await publisher.publish([highway.message(topic, record, { id: 'a', n: 1 }, Date.now())]);
    const grown = { id: 'a', n: 2, extra: 'e' };
    await writer.publish([newer.message(topic, record, grown, Date.now())]);
    const read = async (reader: Highway, name: string) => {
      const events: unknown[] = [];
      const subscription = reader.subscribe<Thing>({
        groupId: group(name),
        topics: [topic],
        fromBeginning: true,
        onBatch: async (records) => void events.push(...records.map(({ event }) => event)),
      });
      await subscription.start();
      await eventually(() => events.length === 2);
      await subscription.stop();
      return events;
    };
    expect(await read(highway, 'old')).toEqual([
      { id: 'a', n: 1 },
      { id: 'a', n: 2 },
    ]);
    expect(await read(newer, 'new')).toEqual([{ id: 'a', n: 1, extra: null }, grown]);
    await writer.stop();
    await newer.close();
  });
});

describe('owned partitions', () => {
  function own(topic: ReturnType<typeof newTopic>, name: string) {
    const assigned: Assignment[] = [];
    const revoked: string[] = [];
    const batches: RawBatch[] = [];
    const owner: PartitionOwner = highway.ownPartitions({
      groupId: group(name),
      topics: [topic],
      onAssigned: async (assignment) => void assigned.push(assignment),
      onRevoked: async (_assignment, reason) => void revoked.push(reason),
      onBatch: async (batch) => void batches.push(batch),
      sessionTimeoutMs: 6_000,
    });
    return { owner, assigned, revoked, batches };
  }

  it('hold until told to go, keep metadata byte for byte, and refuse a passed generation', async () => {
    const topic = await freshTopic(2);
    await publisher.publish([highway.message(topic, record, { id: 'a', n: 1 }, Date.now())]);
    const first = own(topic, 'own');
    await first.owner.start();
    await eventually(() => first.assigned.length === 1);
    const generation = first.assigned[0]?.generation ?? -1;
    const place = { topic: topic.name, partition: 1 };
    await first.owner.commit(generation, [{ ...place, offset: 0, metadata: '1700:0-499 鍵' }]);
    expect(await first.owner.committed([place])).toEqual([
      { ...place, offset: 0, metadata: '1700:0-499 鍵' },
    ]);
    expect(first.batches).toHaveLength(0);

    const second = own(topic, 'own');
    await second.owner.start();
    await eventually(() => first.assigned.length === 2 && second.assigned.length === 1);
    expect(first.revoked).toEqual(['rebalance']);
    expect(first.assigned[1]?.partitions).toHaveLength(1);
    const refused = expect.objectContaining({ code: 'ZT-HIGHWAY-COMMIT-REFUSED', failure: 'retryable' });
    await expect(first.owner.commit(generation, [{ ...place, offset: 9 }])).rejects.toEqual(refused);
    await Promise.all([first.owner.stop(), second.owner.stop()]);
  });

  it('tell the next offset behind aborted transactions and their markers', async () => {
    const topic = await freshTopic(1);
    const kafka = new kafkajs.Kafka({ brokers: [at.kafka], logLevel: kafkajs.logLevel.NOTHING });
    const transactional = kafka.producer({
      transactionalId: group('tx'),
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await transactional.connect();
    for (const [value, commits] of [
      ['aborted', false],
      ['kept', true],
      ['aborted too', false],
    ] as const) {
      const transaction = await transactional.transaction();
      await transaction.send({ topic: topic.name, messages: [{ key: 'k', value }] });
      await (commits ? transaction.commit() : transaction.abort());
    }
    await transactional.disconnect();
    const { owner, assigned, batches } = own(topic, 'marks');
    await owner.start();
    await eventually(() => assigned.length === 1);
    owner.go({ topic: topic.name, partition: 0 }, 0);
    await eventually(() => batches.at(-1)?.nextOffset === 6);
    const lag = () => metrics.getSingleMetricAsString('zhongtai_highway_lag_records');
    expect(await lag()).toContain(`topic="${topic.name}",partition="0"} 0`);
    await owner.stop();
    expect(await lag()).not.toContain(topic.name);
    expect(batches.flatMap(({ records }) => records.map(({ value }) => String(value)))).toEqual(['kept']);
    expect(batches.at(-1)?.highWatermark).toBe(6);
  });
});
