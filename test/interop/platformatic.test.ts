import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Highway, StreamLog, TopicRef } from '@zhongtai/highway';
import { mustRun } from '@zhongtai/scripts/prove/interop/run-client.ts';
import { type Addresses, addresses, highwayAt, newTopic } from '../end-to-end/highway-fixture.ts';
import type { TextRecord } from './clients/platformatic-common.ts';

/** Not a power of two: there a partitioner without the sign's mask would agree by luck. */
const partitions = 3;

let at: Addresses;
let highway: Highway;
let log: StreamLog;
const folder = mkdtempSync(join(tmpdir(), 'platformatic-'));
const created: TopicRef[] = [];

beforeAll(async () => {
  at = await addresses(['kafka']);
  highway = highwayAt(at);
  log = highway.createStreamLog();
}, 120_000);

afterAll(async () => {
  await highway.admin.deleteTopics(created.map(({ name }) => name));
  await highway.close();
  await at.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

async function freshTopic(): Promise<TopicRef> {
  const topic = newTopic(partitions);
  await highway.admin.ensureTopics([topic]);
  created.push(topic);
  return topic;
}

async function runOutside(client: string, job: object): Promise<string> {
  const path = join(folder, `${client}.json`);
  writeFileSync(path, JSON.stringify({ brokers: [at.kafka], ...job }));
  return await mustRun(process.execPath, [join(import.meta.dirname, 'clients', `${client}.ts`), path]);
}

interface Seen {
  readonly partition: number;
  readonly key: string;
  readonly value: string;
  readonly header: string;
}

/** Everything that is committed, as the stream engine reads it. */
async function readCommitted(topic: TopicRef): Promise<Seen[]> {
  const reader = log.createReader();
  const seen: Seen[] = [];
  const places = Array.from({ length: partitions }, (_, partition) => ({ topic: topic.name, partition }));
  for (const { end, ...place } of await reader.bounds(places)) {
    for (let offset = 0; offset < end; ) {
      const page = await reader.read(place, offset);
      if (page === null) throw new Error(`${topic.name}/${place.partition} has no offset ${offset}`);
      for (const { key, value, headers } of page.records) {
        const { outside: header } = headers;
        seen.push({
          partition: place.partition,
          key: String(key),
          value: String(value),
          header: String(header),
        });
      }
      offset = page.nextOffset;
    }
  }
  await reader.close();
  return seen;
}

/** Ten records over all partitions, named for the transaction they are in. */
function tenRecords(topic: TopicRef, transaction: string): TextRecord[] {
  return Array.from({ length: 10 }, (_, n) => ({
    topic: topic.name,
    key: `鍵-${n}`,
    value: `${transaction}-${n}`.padEnd(300, '.'),
    header: transaction,
  }));
}

function asSeen({ key, value, header }: TextRecord): Seen {
  return { partition: log.partitionOf(Buffer.from(key), partitions), key, value, header };
}

/** A line of the outside reader. */
function parseSeen(line: string): Seen {
  const { partition, key, value, headers } = JSON.parse(line) as Omit<Seen, 'header'> & {
    headers: { outside: string };
  };
  return { partition, key, value, header: headers.outside };
}

const order = (a: Seen, b: Seen) => (a.value < b.value ? -1 : 1);

describe('@platformatic/kafka, with no code of ours', () => {
  it('writes transactions: the highway reads what is committed, in the partition of its own key', async () => {
    const topic = await freshTopic();
    const names = ['aborted-first', 'kept-1', 'aborted-1', 'aborted-2', 'kept-2', 'aborted-last'];
    const transactions = names.map((name) => ({
      commit: name.startsWith('kept'),
      records: tenRecords(topic, name),
    }));
    await runOutside('platformatic-publisher', { transactionalId: topic.name, transactions });
    const kept = transactions.filter(({ commit }) => commit).flatMap(({ records }) => records);
    const seen = await readCommitted(topic);
    expect(seen.sort(order)).toEqual(kept.map(asSeen).sort(order));
  }, 60_000);

  it('reads plainly what the highway wrote, in a transaction and without', async () => {
    const topic = await freshTopic();
    const timestampMs = Date.now();
    const ours = [...tenRecords(topic, 'transaction'), ...tenRecords(topic, 'publish')];
    const producer = log.createProducer(topic.name);
    await producer.fence();
    await producer.commit(
      ours.slice(0, 10).map(({ key, value, header }) => ({
        topic: topic.name,
        partition: log.partitionOf(Buffer.from(key), partitions),
        key: Buffer.from(key),
        value: Buffer.from(value),
        headers: [['outside', Buffer.from(header)]],
        timestampMs,
      })),
    );
    await producer.close();
    const publisher = highway.createPublisher();
    await publisher.start();
    await publisher.publish(
      ours.slice(10).map(({ key, value, header }) => ({
        topic: topic.name,
        key,
        value: Buffer.from(value),
        headers: { outside: Buffer.from(header) },
        timestampMs,
      })),
    );
    await publisher.stop();
    const lines = await runOutside('platformatic-reader', { topic: topic.name, records: ours.length });
    const seen = lines.trim().split('\n').map(parseSeen);
    expect(seen.sort(order)).toEqual(ours.map(asSeen).sort(order));
  }, 60_000);
});
