import { expect } from '@jest/globals';
import type { Highway, Publisher, RawRecord, TopicRef } from '@zhongtai/highway';
import { eventually } from './highway-fixture.ts';

export interface Load {
  readonly acknowledged: string[];
  readonly refused: string[];
  readonly failures: Set<unknown>;
  readonly slowestMs: () => number;
  end(): Promise<void>;
}

/** Twenty keys, each with one publish of twenty records under way; what is refused is not sent again. */
export function startLoad(publisher: Publisher, topic: TopicRef): Load {
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

export async function readAll(highway: Highway, topic: TopicRef): Promise<string[]> {
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
export function expectOrder(ids: readonly string[]): void {
  const last = new Map<string, number>();
  for (const id of ids) {
    const [key = '', n = ''] = id.split(':');
    expect(Number(n)).toBeGreaterThan(last.get(key) ?? -1);
    last.set(key, Number(n));
  }
}

/** Each acknowledged record is there once, and nothing is there that was not published: no repeat, no loss. */
export function expectAccounted(ids: readonly string[], { acknowledged, refused }: Load): void {
  const there = new Set(ids);
  expect(there.size).toBe(ids.length);
  expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
  const published = new Set([...acknowledged, ...refused]);
  expect(ids.filter((id) => !published.has(id))).toEqual([]);
}
