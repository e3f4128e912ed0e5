/**
 * An outside publisher: kafkajs and the registry client, told addresses, subjects and values. It finds each
 * subject's newest schema in the registry, encodes with it and sends with acks of all replicas.
 */
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { createKafka, readJob, zstd } from './kafka-common.ts';

interface Job {
  brokers: string[];
  registry: string;
  messages: { topic: string; subject: string; key: string | null; value: unknown; timestampMs: number }[];
}

const job = readJob<Job>();
const registry = new SchemaRegistry({ host: job.registry });
const producer = createKafka(job.brokers).producer({ idempotent: true, maxInFlightRequests: 1 });
await producer.connect();
const ids = new Map<string, number>();
const batches = new Map<string, { key: string | null; value: Buffer; timestamp: string }[]>();
for (const { topic, subject, key, value, timestampMs } of job.messages) {
  const id = ids.get(subject) ?? (await registry.getLatestSchemaId(subject));
  ids.set(subject, id);
  const batch = batches.get(topic) ?? [];
  batches.set(topic, batch);
  batch.push({ key, value: await registry.encode(id, value), timestamp: String(timestampMs) });
}
await producer.sendBatch({
  acks: -1,
  compression: zstd,
  topicMessages: [...batches].map(([topic, messages]) => ({ topic, messages })),
});
await producer.disconnect();
console.log(JSON.stringify({ published: job.messages.length, schemas: ids.size }));
