import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Highway, Publisher, RawRecord, TopicRef } from '@zhongtai/highway';
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

interface Load {
  readonly acknowledged: string[];
  readonly refused: string[];
  readonly failures: Set<unknown>;
  readonly slowestMs: () => number;
  end(): Promise<void>;
}

/** Twenty keys, each with one publish of twenty records under way; what is refused is not sent again. */
function startLoad(publisher: Publisher, topic: TopicRef): Load {
  const acknowledged: string[] = [];
  const refused: string[] = [];
  const failures = new Set<unknown>();
  let running = true;
  let slowestMs = 0;
  const source = async (key: string) => {
    for (let n = 0; running; n++) {
      const ids = Array.from({ length: 20 }, (_, i) => `${key}:${n * 20 + i}`);
      const timestampMs = Date.now();
      const messages = ids.map((id) => ({ topic: topic.name, key, value: Buffer.from(id), timestampMs }));
      try {
        await publisher.publish(messages);
        acknowledged.push(...ids);
      } catch (error) {
        refused.push(...ids);
        failures.add((error as { failure?: string }).failure);
      }
      slowestMs = Math.max(slowestMs, Date.now() - timestampMs);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const sources = Array.from({ length: 20 }, (_, k) => source(`key-${k}`));
  return {
    acknowledged,
    refused,
    failures,
    slowestMs: () => slowestMs,
    async end() {
      running = false;
      await Promise.all(sources);
    },
  };
}

async function readAll(highway: Highway, topic: TopicRef): Promise<string[]> {
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
  return read.map(({ value }) => String(value));
}

/** Acknowledged records of a key stand in the log in the order in which they were published. */
function expectOrder(ids: readonly string[]): void {
  const last = new Map<string, number>();
  for (const id of ids) {
    const [key = '', n = ''] = id.split(':');
    expect(Number(n)).toBeGreaterThan(last.get(key) ?? -1);
    last.set(key, Number(n));
  }
}

/** Each acknowledged record is there once, and nothing is there that was not published: no repeat, no loss. */
function expectAccounted(ids: readonly string[], { acknowledged, refused }: Load): void {
  const there = new Set(ids);
  expect(there.size).toBe(ids.length);
  expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
  const published = new Set([...acknowledged, ...refused]);
  expect(ids.filter((id) => !published.has(id))).toEqual([]);
}

async function freshTopic(timeoutMs: number) {
  const highway = highwayAt({ kafka: stack.endpoints.kafka ?? '', registry: 'http://127.0.0.1:1' });
  const topic = newTopic();
  await highway.admin.ensureTopics([topic]);
  const publisher = highway.createPublisher({ timeoutMs });
  await publisher.start();
  return { highway, topic, publisher };
}

describe('a broker that is killed', () => {
  it('costs no acknowledged record, doubles none and turns none around', async () => {
    const { highway, topic, publisher } = await freshTopic(4_000);
    const load = startLoad(publisher, topic);
    await eventually(() => load.acknowledged.length > 2_000);
    await stack.kill('kafka', 'SIGKILL');
    const before = load.acknowledged.length;
    await stack.healthy('kafka');
    await eventually(() => publisher.healthy && load.acknowledged.length > before + 2_000, 30_000);
    await load.end();
    expect(publisher.bytesInFlight).toBe(0);
    await publisher.stop();

    const ids = await readAll(highway, topic);
    await highway.close();
    expectAccounted(ids, load);
    expectOrder(ids);
    expect([...load.failures].every((failure) => failure === 'retryable')).toBe(true);
  }, 90_000);
});

describe('a broker that hangs for three times the time limit', () => {
  it('is a retryable error in time, and afterwards all that was acknowledged is there once', async () => {
    const timeoutMs = 2_000;
    const { highway, topic, publisher } = await freshTopic(timeoutMs);
    const load = startLoad(publisher, topic);
    await eventually(() => load.acknowledged.length > 2_000);
    await stack.kill('kafka', 'SIGSTOP');
    try {
      await new Promise((resolve) => setTimeout(resolve, 3 * timeoutMs));
      expect(load.refused.length).toBeGreaterThan(0);
      expect(publisher.healthy).toBe(false);
    } finally {
      await stack.kill('kafka', 'SIGCONT');
    }
    const before = load.acknowledged.length;
    await eventually(() => publisher.healthy && load.acknowledged.length > before + 2_000, 30_000);
    await load.end();
    expect(publisher.bytesInFlight).toBe(0);
    await publisher.stop();

    expect(load.slowestMs()).toBeLessThan(timeoutMs + 1_000);
    expect([...load.failures]).toEqual(['retryable']);
    const ids = await readAll(highway, topic);
    await highway.close();
    expectAccounted(ids, load);
    // What was refused may have lain in the broker's socket and be stored late, behind newer records.
    const acknowledged = new Set(load.acknowledged);
    expectOrder(ids.filter((id) => acknowledged.has(id)));
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
