import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createHighway } from '@zhongtai/highway';
import { type Stack, startStack } from '@zhongtai/local';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { type Check, checkAnalyst, checkCurl, checkOfficialClient } from './clickhouse.ts';
import { type KafkaFigures, kafkaFaults, proveKafka } from './kafka.ts';

export interface InteropOptions {
  /** Emptied first; holds the stack's data and what the clients wrote. */
  readonly folder: string;
  readonly perRecord: number;
  readonly log: (line: string) => void;
}

export interface InteropFigures {
  readonly kafka: KafkaFigures;
  readonly clickhouse: { readonly checks: number; readonly attempts: number };
  readonly faults: readonly string[];
}

/** Outside clients of Kafka and ClickHouse on a stack of their own. */
export async function proveInterop(options: InteropOptions): Promise<InteropFigures> {
  const { folder, log } = options;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const stack = await startStack({
    directory: join(folder, 'stack'),
    parts: ['kafka', 'registry', 'clickhouse'],
    ports: 'free',
    log,
  });
  try {
    const kafka = await provePublishAndRead(stack, options);
    const { faults, ...clickhouse } = await proveFront(stack, options);
    return { kafka, clickhouse, faults: [...kafkaFaults(kafka), ...faults] };
  } finally {
    await stack.stop();
  }
}

async function provePublishAndRead({ endpoints }: Stack, options: InteropOptions): Promise<KafkaFigures> {
  const brokers = [endpoints.kafka];
  const highway = createHighway({
    brokers,
    registryUrl: `${endpoints.registry}/apis/ccompat/v7`,
    clientId: 'prove-interop',
    partitions: 4,
    logger: createLogger({ name: 'prove-interop', level: 'warn' }),
    metrics: createMetrics(),
  });
  try {
    return await proveKafka({ ...options, brokers, registryBase: endpoints.registry, highway });
  } finally {
    await highway.close();
  }
}

async function proveFront(
  { endpoints }: Stack,
  { folder, log }: InteropOptions,
): Promise<{ checks: number; attempts: number; faults: string[] }> {
  const analyst = { user: 'analyst', password: '' };
  const target = { url: endpoints.clickhouse, database: 'default', folder, analyst };
  const checks = [...(await checkOfficialClient(target)), ...(await checkCurl(target))];
  log(
    `clickhouse: ${checks.filter(({ ok }) => ok).length} of ${checks.length} checks of outside clients hold`,
  );
  const attempts = await checkAnalyst(target);
  log(
    `clickhouse: ${attempts.filter(({ ok }) => ok).length} of ${attempts.length} attempts of the analyst end right`,
  );
  return {
    checks: checks.length,
    attempts: attempts.length,
    faults: [...checks, ...attempts].flatMap(fault),
  };
}

function fault({ check, ok, why }: Check): string[] {
  return ok ? [] : [`${check}${why === undefined ? '' : `: ${why}`}`];
}
