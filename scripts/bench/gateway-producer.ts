import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { toolsJar } from '../kafka-tools.ts';

const run = promisify(execFile);

export interface ProducerFigures {
  readonly recordsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Kafka's own ProducerPerformance: as safe as the gateway (acks=all, idempotent, zstd), the same record size. */
export async function producerPerformance(options: {
  readonly jars: string;
  readonly cache: string;
  readonly broker: string;
  readonly topic: string;
  readonly records: number;
  readonly recordBytes: number;
}): Promise<ProducerFigures> {
  const jar = await toolsJar(options.cache);
  const { stdout } = await run('java', [
    '-Xmx512m',
    '-cp',
    `${jar}:${options.jars}/*`,
    'org.apache.kafka.tools.ProducerPerformance',
    '--topic',
    options.topic,
    '--num-records',
    String(options.records),
    '--record-size',
    String(options.recordBytes),
    '--throughput',
    '-1',
    '--producer-props',
    `bootstrap.servers=${options.broker}`,
    'acks=all',
    'enable.idempotence=true',
    'compression.type=zstd',
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
