import { createHighway, type StreamLog } from '@zhongtai/highway';
import { createLogger, createMetrics } from '@zhongtai/runtime';

/**
 * The log of a stream engine alone: read 2000 records, write 2000 in one transaction, again and again, on one
 * partition; then small transactions one after another, and at a distance. One JSON line. RECORDS=, KAFKA_BROKERS=.
 */
const total = Number(process.env['RECORDS'] ?? 400_000);
const kafka = process.env['KAFKA_BROKERS'] ?? '127.0.0.1:9092';
const name = `bench-log-${Date.now().toString(36)}`;
const perTransaction = 2_000;
const smallOnes = 100;
const distanceMs = 25;
const [input, output] = [`${name}.in`, `${name}.out`];
const highway = createHighway({
  brokers: kafka.split(','),
  registryUrl: 'http://127.0.0.1:1',
  clientId: 'bench',
  partitions: 1,
  logger: createLogger({ name: 'bench', level: 'warn' }),
  metrics: createMetrics(),
});
const log: StreamLog = highway.createStreamLog();

function outRecord(topic: string, n: number, value: Buffer | null = null) {
  const bytes = value ?? Buffer.from(`${n} ${'a note as events carry them, '.repeat(6)}`);
  return { topic, partition: 0, key: Buffer.from(`key-${n % 1000}`), value: bytes, timestampMs: Date.now() };
}

async function fill(): Promise<void> {
  const producer = log.createProducer(`${name}-fill`);
  await producer.fence();
  for (let n = 0; n < total; n += perTransaction) {
    const count = Math.min(perTransaction, total - n);
    await producer.commit(Array.from({ length: count }, (_, i) => outRecord(input, n + i)));
  }
  await producer.close();
}

async function loop() {
  const producer = log.createProducer(`${name}-loop`);
  await producer.fence();
  const reader = log.createReader();
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const place = { topic: input, partition: 0 };
  let transactions = 0;
  let waiting: ReturnType<typeof outRecord>[] = [];
  let next = reader.read(place, 0);
  for (let read = 0; read < total; ) {
    const page = await next;
    if (page === null) throw new Error('the input was deleted');
    next = reader.read(place, page.nextOffset);
    read += page.records.length;
    for (const { offset, value } of page.records) waiting.push(outRecord(output, offset, value));
    for (; waiting.length >= perTransaction || (read >= total && waiting.length > 0); transactions++) {
      const some = waiting.slice(0, perTransaction);
      waiting = waiting.slice(perTransaction);
      await producer.commit(some);
    }
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await next;
  await Promise.all([producer.close(), reader.close()]);
  return {
    loop_per_second: Math.round(total / seconds),
    loop_cpu_seconds_per_million: Number(((user + system) / total).toFixed(2)),
    loop_transactions_per_second: Math.round(transactions / seconds),
  };
}

async function small(what: string, waitMs: number) {
  const producer = log.createProducer(`${name}-${what}`);
  await producer.fence();
  const took: number[] = [];
  const startedAt = performance.now();
  for (let n = 0; n < smallOnes; n++) {
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const beganAt = performance.now();
    await producer.commit([outRecord(output, n), outRecord(input, n)]);
    took.push(performance.now() - beganAt);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  await producer.close();
  took.sort((a, b) => a - b);
  const at = (share: number) => Number((took[Math.floor(share * (took.length - 1))] ?? 0).toFixed(1));
  return {
    [`${what}_p50_ms`]: at(0.5),
    [`${what}_p99_ms`]: at(0.99),
    [`${what}_per_second`]: Math.round(smallOnes / seconds),
  };
}

await log.ensureTopics(
  [input, output].map((topic) => ({ name: topic, partitions: 1, cleanup: 'delete', retentionMs: 3_600_000 })),
);
await fill();
await loop();
const measured = await loop();
const quick = await small('quick', 0);
const calm = await small('calm', distanceMs);
await highway.admin.deleteTopics([input, output]);
await highway.close();
process.stdout.write(
  `${JSON.stringify({ bench: 'highway-transactions', records: total, ...measured, ...quick, ...calm })}\n`,
);
