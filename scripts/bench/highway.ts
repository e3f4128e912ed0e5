import { createHighway, type RawBatch } from '@zhongtai/highway';
import { createLogger, createMetrics } from '@zhongtai/runtime';

/** Rates of the highway's client alone: publish, raw read, decoded read; one JSON line. RECORDS=, KAFKA_BROKERS=. */
const total = Number(process.env['RECORDS'] ?? 200_000);
const kafka = process.env['KAFKA_BROKERS'] ?? '127.0.0.1:9092';
const registryUrl = process.env['SCHEMA_REGISTRY_URL'] ?? 'http://127.0.0.1:8081/apis/ccompat/v7';
const name = `bench-highway-${Date.now().toString(36)}`;
const publishedAtOnce = 40;

interface Row {
  readonly id: string;
  readonly n: number;
  readonly note: string;
}

const record = { name: 'zhongtai.bench.Row', key: (row: Row) => row.id };
const topic = { name, records: [record], partitions: 'P' as const, retentionMs: 3_600_000 };
const text = JSON.stringify({
  type: 'record',
  name: record.name,
  fields: [
    { name: 'id', type: 'string' },
    { name: 'n', type: 'long' },
    { name: 'note', type: 'string' },
  ],
});
const highway = createHighway({
  brokers: kafka.split(','),
  registryUrl,
  clientId: 'bench',
  partitions: 4,
  logger: createLogger({ name: 'bench', level: 'warn' }),
  metrics: createMetrics(),
  contract: { schemaText: () => text, subjectOf: () => `${name}-value`, deadLetterTopic: topic },
});

async function timed(what: string, work: () => Promise<void>) {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return {
    [`${what}_per_second`]: Math.round(total / ((performance.now() - startedAt) / 1000)),
    [`${what}_cpu_seconds_per_million`]: Number(((user + system) / total).toFixed(2)),
  };
}

async function publish(): Promise<void> {
  const publisher = highway.createPublisher();
  await publisher.start();
  const under = new Set<Promise<unknown>>();
  for (let n = 0; n < total; ) {
    const messages = [];
    for (const end = Math.min(total, n + 500); n < end; n++) {
      const row = { id: `key-${n % 1000}`, n, note: `${n} ${'a note as events carry them, '.repeat(6)}` };
      messages.push(highway.message(topic, record, row, Date.now()));
    }
    const one: Promise<unknown> = publisher.publish(messages).finally(() => under.delete(one));
    under.add(one);
    if (under.size >= publishedAtOnce) await Promise.race(under);
  }
  await Promise.all(under);
  await publisher.stop();
}

async function readAll(group: string, onBatch: (batch: RawBatch) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let read = 0;
  const owner = highway.ownPartitions({
    groupId: `${name}-${group}`,
    topics: [topic],
    onAssigned: async ({ partitions }) => {
      for (const place of partitions) owner.go(place, 0);
    },
    onRevoked: async () => undefined,
    onBatch: async (batch) => {
      onBatch(batch);
      read += batch.records.length;
      if (read >= total) resolve();
    },
  });
  await owner.start();
  await promise;
  await owner.stop();
}

await highway.admin.ensureTopics([topic]);
await highway.codec.prepare([topic]);
await publish();
const published = await timed('publish', publish);
const raw = await timed('read_raw', () => readAll('raw', () => undefined));
const decoded = await timed('read_decoded', () =>
  readAll('decoded', ({ records }) => {
    for (const { value } of records) if (value !== null) highway.codec.decode(value);
  }),
);
await highway.admin.deleteTopics([name]);
await highway.close();
process.stdout.write(
  `${JSON.stringify({ bench: 'highway', records: total, ...published, ...raw, ...decoded })}\n`,
);
