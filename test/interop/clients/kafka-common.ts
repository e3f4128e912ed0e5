/** What an outside kafkajs client needs besides its two packages: zstd, which kafkajs leaves to the user. */
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs from 'kafkajs';

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;
const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: (encoder: { buffer: Buffer }) => compress(encoder.buffer),
  decompress: (buffer: Buffer) => decompress(buffer),
});

export const zstd = CompressionTypes.ZSTD;

export function createKafka(brokers: readonly string[]): InstanceType<typeof Kafka> {
  return new Kafka({ clientId: 'outside', brokers: [...brokers], logLevel: logLevel.ERROR });
}

/** The job that the process was started with: its first argument names a JSON file. */
export function readJob<T>(): T {
  const path = process.argv[2];
  if (path === undefined) throw new Error('usage: node <client>.ts <job.json>');
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}
