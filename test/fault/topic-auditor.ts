/**
 * Reads every topic from its beginning to its present end with plain kafkajs and the registry client: counts the
 * records by partition and type, counts repeats of an event_id on the way to the highway and on it, and scans raw
 * bytes and decoded values for clear identifiers. Prints one JSON line.
 */
import { readFileSync } from 'node:fs';
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { createScanner } from '@zhongtai/scripts/prove/main/scanner.ts';
import { createKafka, readJob } from '../interop/clients/kafka-common.ts';

interface Job {
  brokers: string[];
  registry: string;
  /** All topics of the broker when absent. */
  topics?: string[];
  /** A JSON array of planted values. */
  needles: string;
}

interface Slice {
  topic: string;
  partition: number;
  record: string;
  count: number;
  offsetSum: bigint;
}

const job = readJob<Job>();
const scanner = createScanner(JSON.parse(readFileSync(job.needles, 'utf8')) as string[]);
const kafka = createKafka(job.brokers);
const registry = new SchemaRegistry({ host: job.registry });
const admin = kafka.admin();
await admin.connect();
const topics = job.topics ?? (await admin.listTopics());
const ends = new Map<string, number>();
const gaps: string[] = [];
const expectedNext = new Map<string, number>();
for (const topic of topics) {
  for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
    const place = `${topic} ${partition}`;
    expectedNext.set(place, Number(low));
    if (Number(high) > Number(low)) ends.set(place, Number(high));
  }
}
await admin.disconnect();

const slices = new Map<string, Slice>();
/** Events on a leg of the way, each once. */
interface Leg {
  records: number;
  readonly eventIds: Set<string>;
}

const legs: Readonly<Record<'inbound' | 'highway', Leg>> = {
  inbound: { records: 0, eventIds: new Set() },
  highway: { records: 0, eventIds: new Set() },
};
let records = 0;
let undecodable = 0;
/** Identity values that are no tokens: member numbers are too short to be searched for. */
let clearIdentities = 0;

function count(topic: string, partition: number, record: string, offset: string): void {
  const name = `${topic} ${partition} ${record}`;
  const slice = slices.get(name) ?? { topic, partition, record, count: 0, offsetSum: 0n };
  slices.set(name, slice);
  slice.count++;
  slice.offsetSum += BigInt(offset);
}

function note(topic: string, value: unknown): void {
  const leg = legOf(topic);
  if (leg === undefined || typeof value !== 'object' || value === null || !('event_id' in value)) return;
  leg.records++;
  leg.eventIds.add(String(value.event_id));
  if (!('identities' in value) || !Array.isArray(value.identities)) return;
  for (const { id_value: identity } of value.identities as { id_value: string }[]) {
    if (!/^[A-Za-z0-9_-]{22}$/.test(identity)) clearIdentities++;
  }
}

async function audit(topic: string, partition: number, message: { offset: string; value: Buffer | null }) {
  if (message.value === null || message.value[0] !== 0 || !isOurs(topic)) return;
  try {
    const value: unknown = await registry.decode(message.value);
    const schema = await registry.getSchema(message.value.readInt32BE(1));
    count(topic, partition, 'name' in schema ? String(schema.name) : '', message.offset);
    note(topic, value);
    scanner.scan(JSON.stringify(value), `topic ${topic}`);
  } catch {
    undecodable++;
  }
}

function legOf(topic: string): Leg | undefined {
  if (topic.startsWith('highway.')) return legs.highway;
  return topic.startsWith('inbound.') ? legs.inbound : undefined;
}

/** Topics of the broker's and the registry's own hold no Avro; their bytes are scanned all the same. */
function isOurs(topic: string): boolean {
  return /^(direct|inbound|highway|reference|vault)\.|^(dead-letter|late)$/.test(topic);
}

const consumer = kafka.consumer({
  groupId: `auditor-${process.pid}`,
  maxWaitTimeInMs: 100,
  maxBytesPerPartition: 4 * 1024 * 1024,
});
await consumer.connect();
await consumer.subscribe({ topics, fromBeginning: true });
interface Message {
  key: Buffer | null;
  value: Buffer | null;
  offset: string;
  headers?: Record<string, unknown>;
}

/** Looks at one record: its bytes as they are, its headers, and what it says. */
async function look(topic: string, partition: number, message: Message): Promise<void> {
  const place = `${topic} ${partition}`;
  const offset = Number(message.offset);
  // What senders wrote without transactions lies without gaps; elsewhere markers take offsets.
  if (topic.startsWith('inbound.') && offset !== expectedNext.get(place)) gaps.push(`${place} ${offset}`);
  expectedNext.set(place, offset + 1);
  records++;
  for (const bytes of [message.key, message.value]) {
    if (bytes !== null) scanner.scan(bytes.toString('latin1'), `topic ${topic}`);
  }
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    scanner.scan(`${name}=${value}`, `topic ${topic}`);
  }
  await audit(topic, partition, message);
}

async function readAll(): Promise<void> {
  const done = Promise.withResolvers<void>();
  if (ends.size === 0) return;
  consumer.on(consumer.events.CRASH, ({ payload }) => done.reject(payload.error));
  // Told of batches that hold nothing but the marker of a transaction, too.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    const place = `${payload.topic} ${payload.partition}`;
    if (Number(payload.lastOffset) + 1 >= (ends.get(place) ?? 0)) ends.delete(place);
    if (ends.size === 0) done.resolve();
  });
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch, heartbeat }) => {
      const place = `${batch.topic} ${batch.partition}`;
      const end = ends.get(place);
      if (end === undefined) return;
      for (const message of batch.messages) {
        if (Number(message.offset) < end) await look(batch.topic, batch.partition, message);
      }
      await heartbeat();
    },
  });
  await done.promise;
}

await readAll();
await consumer.disconnect();
console.log(
  JSON.stringify({
    topics: topics.length,
    records,
    onInbound: legs.inbound.records,
    distinctOnInbound: legs.inbound.eventIds.size,
    onHighway: legs.highway.records,
    distinctOnHighway: legs.highway.eventIds.size,
    undecodable,
    clearIdentities,
    gaps: gaps.slice(0, 20),
    slices: [...slices.values()].map((slice) => ({ ...slice, offsetSum: String(slice.offsetSum) })),
    findings: scanner.findings,
    scanned: scanner.scanned,
  }),
);
