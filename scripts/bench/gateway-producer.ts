import { execFile } from 'node:child_process';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TOOLS_VERSION = '4.2.0';

export interface ProducerFigures {
  readonly recordsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Kafka's tools are not part of the stack: their one jar is fetched on the first run and kept. */
async function toolsJar(folder: string): Promise<string> {
  const jar = `${folder}/kafka-tools-${TOOLS_VERSION}.jar`;
  const there = await stat(jar).catch(() => undefined);
  if (there !== undefined) return jar;
  const draft = `${folder}/draft-${process.pid}`;
  await mkdir(draft, { recursive: true });
  await run('mvn', [
    '-q',
    '-B',
    'org.apache.maven.plugins:maven-dependency-plugin:2.10:copy',
    `-Dartifact=org.apache.kafka:kafka-tools:${TOOLS_VERSION}`,
    `-DoutputDirectory=${draft}`,
  ]);
  await rename(`${draft}/kafka-tools-${TOOLS_VERSION}.jar`, jar);
  await rm(draft, { recursive: true });
  return jar;
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
