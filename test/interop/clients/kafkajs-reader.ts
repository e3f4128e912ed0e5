/**
 * An outside reader: reads topics from their beginning to their present end with kafkajs and the registry client,
 * and writes one JSON line a record: where it lies, its key, its record type and its value.
 */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { createKafka, readJob } from './kafka-common.ts';

interface Job {
  brokers: string[];
  registry: string;
  topics: string[];
  out: string;
}

const job = readJob<Job>();
const kafka = createKafka(job.brokers);
const registry = new SchemaRegistry({ host: job.registry });
const out = createWriteStream(job.out);
const admin = kafka.admin();
await admin.connect();

/** Records still to come, by topic-partition: the end offset that ends the reading of it. */
const open = new Map<string, number>();
for (const topic of job.topics) {
  for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
    if (Number(high) > Number(low)) open.set(`${topic}-${partition}`, Number(high));
  }
}
await admin.disconnect();

let read = 0;
const consumer = kafka.consumer({ groupId: `outside-${process.pid}-${Date.now()}`, maxWaitTimeInMs: 100 });
await consumer.connect();
await consumer.subscribe({ topics: job.topics, fromBeginning: true });

async function decode(
  value: Buffer | null,
): Promise<{ record: string | null; value: unknown; error?: string }> {
  if (value === null) return { record: null, value: null };
  try {
    const decoded: unknown = await registry.decode(value);
    const schema = await registry.getSchema(value.readInt32BE(1));
    return { record: 'name' in schema ? String(schema.name) : null, value: decoded };
  } catch (error) {
    return { record: null, value: null, error: String(error) };
  }
}

await new Promise<void>((resolve, reject) => {
  if (open.size === 0) return resolve();
  const stop = consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
  consumer
    .run({
      autoCommit: false,
      eachBatch: async ({ batch, heartbeat }) => {
        const end = open.get(`${batch.topic}-${batch.partition}`);
        if (end === undefined) return;
        for (const message of batch.messages) {
          if (Number(message.offset) >= end) break;
          const place = { topic: batch.topic, partition: batch.partition, offset: Number(message.offset) };
          const line = { ...place, key: message.key?.toString() ?? null, ...(await decode(message.value)) };
          out.write(`${JSON.stringify(line, base64Bytes)}\n`);
          read++;
        }
        await heartbeat();
        if (Number(batch.lastOffset()) + 1 >= end) open.delete(`${batch.topic}-${batch.partition}`);
        if (open.size === 0) {
          stop();
          resolve();
        }
      },
    })
    .catch(reject);
});
await consumer.disconnect();
out.end();
await finished(out);
console.log(String(read));

/** Bytes as base64; toJSON has already turned a Buffer into {type, data} when the replacer sees it. */
function base64Bytes(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('type' in value) || !('data' in value)) return value;
  return value.type === 'Buffer' && Array.isArray(value.data)
    ? Buffer.from(value.data as number[]).toString('base64')
    : value;
}
