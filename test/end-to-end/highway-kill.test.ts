import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RawRecord } from '@zhongtai/highway';
import type { Stack } from '@zhongtai/local';
import { eventually, highwayAt, newTopic, ownStack } from './highway-fixture.ts';

let stack: Stack;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ stack, stop } = await ownStack(['kafka']));
}, 120_000);

afterAll(async () => {
  await stop();
}, 60_000);

describe('a broker that is killed', () => {
  it('costs no acknowledged record, doubles none and turns none around', async () => {
    const kafka = stack.endpoints.kafka ?? '';
    const highway = highwayAt({ kafka, registry: 'http://127.0.0.1:1' });
    const topic = newTopic();
    await highway.admin.ensureTopics([topic]);
    const publisher = highway.createPublisher({ timeoutMs: 4_000 });
    await publisher.start();

    const acknowledged: string[] = [];
    let refused = 0;
    let running = true;
    const failures = new Set<string>();
    const source = async (key: string) => {
      for (let n = 0; running; n++) {
        const ids = Array.from({ length: 20 }, (_, i) => `${key}:${n * 20 + i}`);
        const messages = ids.map((id) => ({
          topic: topic.name,
          key,
          value: Buffer.from(id),
          timestampMs: Date.now(),
        }));
        try {
          await publisher.publish(messages);
          acknowledged.push(...ids);
        } catch (error) {
          refused += ids.length;
          failures.add(String((error as { failure?: string }).failure));
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const sources = Array.from({ length: 20 }, (_, k) => source(`key-${k}`));
    await eventually(() => acknowledged.length > 2_000);
    await stack.kill('kafka', 'SIGKILL');
    const before = acknowledged.length;
    await stack.healthy('kafka');
    await eventually(() => publisher.healthy && acknowledged.length > before + 2_000, 30_000);
    running = false;
    await Promise.all(sources);
    expect(publisher.bytesInFlight).toBe(0);
    await publisher.stop();

    const read: RawRecord[] = [];
    const ends = await highway.admin.endOffsets(topic.name);
    const total = ends.reduce((sum, { end }) => sum + end, 0);
    const owner = highway.ownPartitions({
      groupId: `${topic.name}-check`,
      topics: [topic],
      onAssigned: async ({ partitions }) => {
        for (const place of partitions) owner.go(place, 0);
      },
      onRevoked: async () => undefined,
      onBatch: async (batch) => void read.push(...batch.records),
    });
    await owner.start();
    await eventually(() => read.length >= total);
    await owner.stop();
    await highway.close();

    const ids = read.map(({ value }) => String(value));
    expect(new Set(ids).size).toBe(ids.length);
    const there = new Set(ids);
    expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
    // What was refused may be stored, but nothing else.
    expect(ids.length).toBeLessThanOrEqual(acknowledged.length + refused);
    expect([...failures].every((failure) => failure === 'retryable')).toBe(true);
    const last = new Map<string, number>();
    for (const { value } of read) {
      const [key = '', n = ''] = String(value).split(':');
      expect(Number(n)).toBeGreaterThan(last.get(key) ?? -1);
      last.set(key, Number(n));
    }
  }, 90_000);
});

describe('a broker that is away', () => {
  it('is a retryable error within the time limit, and bytes are given back', async () => {
    const highway = highwayAt({ kafka: '127.0.0.1:1', registry: 'http://127.0.0.1:1' });
    const publisher = highway.createPublisher({ timeoutMs: 500 });
    await publisher.start();
    const startedAt = Date.now();
    const message = { topic: 'nowhere', key: 'k', value: Buffer.from('v'), timestampMs: 1 };
    await expect(publisher.publish([message])).rejects.toMatchObject({ failure: 'retryable' });
    expect(Date.now() - startedAt).toBeLessThan(1_500);
    expect(publisher.healthy).toBe(false);
    await eventually(() => publisher.bytesInFlight === 0);
    await publisher.stop();
    await highway.close();
  });

  it('is refused at once when the capacity is full', async () => {
    const highway = highwayAt({ kafka: '127.0.0.1:1', registry: 'http://127.0.0.1:1' });
    const publisher = highway.createPublisher({ timeoutMs: 500, capacityBytes: 1_000 });
    await publisher.start();
    const message = { topic: 'nowhere', key: 'k', value: Buffer.alloc(900), timestampMs: 1 };
    const first = publisher.publish([message]).catch(() => 'refused');
    await expect(publisher.publish([message])).rejects.toMatchObject({ code: 'ZT-HIGHWAY-FULL' });
    expect(await first).toBe('refused');
    await publisher.stop();
    await highway.close();
  });
});
