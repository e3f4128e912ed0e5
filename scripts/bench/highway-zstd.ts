import { promisify } from 'node:util';
import { constants, zstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { createHighway } from '@zhongtai/highway';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { createRecords } from './sink-records.ts';

/**
 * What a zstd level costs and gains on realistic record bytes, at once and by the thread pool, by size of the
 * batch: the figures behind the level and the limit in the highway's record-batch writer. One line per case.
 */
const sizes = [1, 16, 64, 256, 900].map((kib) => kib * 1024);
const levels = [1, 3, 6];
const inTheThreadPool = promisify(zstdCompress);
const measureMs = 400;

const highway = createHighway({
  brokers: [process.env['KAFKA_BROKERS'] ?? '127.0.0.1:9092'],
  registryUrl: process.env['SCHEMA_REGISTRY_URL'] ?? 'http://127.0.0.1:8081/apis/ccompat/v7',
  clientId: 'bench',
  partitions: 4,
  logger: createLogger({ name: 'bench', level: 'warn' }),
  metrics: createMetrics(),
});
const source = createRecords(highway);
await highway.codec.prepare(source.topics);

/** Values and keys as a batch holds them; each fifth record is a till sale of many lines. */
function bodyOf(bytes: number): Buffer {
  const parts: Buffer[] = [];
  for (let n = 0, length = 0; length < bytes; n++) {
    const { key, value } = (n % 5 === 0 ? source.sale : source.message)(n, 1_760_000_000_000 + n * 37);
    parts.push(Buffer.from(key ?? ''), value ?? Buffer.alloc(0));
    length += (key?.length ?? 0) + (value?.length ?? 0);
  }
  return Buffer.concat(parts).subarray(0, bytes);
}

/** Wall and CPU microseconds of one call, all threads of the process counted. */
async function cost(work: () => unknown): Promise<{ wallUs: number; cpuUs: number }> {
  for (let i = 0; i < 20; i++) await work();
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  let calls = 0;
  while (performance.now() - startedAt < measureMs) {
    await work();
    calls++;
  }
  const wallUs = Math.round(((performance.now() - startedAt) * 1000) / calls);
  const { user, system } = process.cpuUsage(cpu);
  return { wallUs, cpuUs: Math.round((user + system) / calls) };
}

for (const size of sizes) {
  const body = bodyOf(size);
  for (const level of levels) {
    const options = { params: { [constants.ZSTD_c_compressionLevel]: level } };
    const packed = zstdCompressSync(body, options);
    const atOnce = await cost(() => zstdCompressSync(body, options));
    const pooled = await cost(() => inTheThreadPool(body, options));
    const read = await cost(() => zstdDecompressSync(packed));
    const ratio = Number((packed.length / size).toFixed(3));
    process.stdout.write(
      `${JSON.stringify({ bench: 'highway-zstd', kib: size / 1024, level, ratio, atOnce, pooled, readUs: read.wallUs })}\n`,
    );
  }
}
await highway.close();
