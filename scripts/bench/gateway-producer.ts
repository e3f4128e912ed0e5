import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { kafkaTools } from '../kafka-tools.ts';

const run = promisify(execFile);

export interface ProducerFigures {
  readonly recordsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Kafka's own ProducerPerformance: as safe as the gateway (acks=all, idempotent), the same compression, and the
 * records of a payload file.
 */
export async function producerPerformance(options: {
  readonly broker: string;
  readonly topic: string;
  readonly records: number;
  readonly payloadFile: string;
}): Promise<ProducerFigures> {
  const { stdout } = await run('java', [
    '-Xmx512m',
    '-cp',
    await kafkaTools((line) => console.error(line)),
    'org.apache.kafka.tools.ProducerPerformance',
    '--bootstrap-server',
    options.broker,
    '--topic',
    options.topic,
    '--num-records',
    String(options.records),
    '--payload-file',
    options.payloadFile,
    '--throughput',
    '-1',
    '--command-property',
    'acks=all',
    'enable.idempotence=true',
    'compression.type=zstd',
    'compression.zstd.level=1',
    'linger.ms=5',
    'batch.size=262144',
  ]);
  const last = stdout.trim().split('\n').at(-1) ?? '';
  const number = (pattern: RegExp): number => Number(pattern.exec(last)?.[1] ?? Number.NaN);
  return {
    recordsPerSecond: number(/([\d.]+) records\/sec/),
    p50Ms: number(/([\d.]+) ms 50th/),
    p99Ms: number(/([\d.]+) ms 99th/),
  };
}
