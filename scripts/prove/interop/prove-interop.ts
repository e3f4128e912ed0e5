import { mkdir, rm } from 'node:fs/promises';
import { createHighway } from '@zhongtai/highway';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { proofCatalogue } from './catalogue.ts';
import { type Check, checkAnalyst, checkCurl, checkOfficialClient } from './clickhouse.ts';
import { type KafkaFigures, kafkaFaults, proveKafka } from './kafka.ts';

export interface InteropOptions {
  readonly endpoints: { readonly kafka: string; readonly registry: string; readonly clickhouse: string };
  /** Emptied first; holds what the clients wrote. */
  readonly folder: string;
  /** In front of every topic's name, where the broker is shared with others. */
  readonly prefix: string;
  readonly perRecord: number;
  readonly log: (line: string) => void;
}

export interface InteropFigures {
  readonly kafka: KafkaFigures;
  readonly clickhouse: { readonly checks: number; readonly attempts: number };
  readonly faults: readonly string[];
}

/** Outside clients of Kafka and ClickHouse, with no code of ours, write and read everything. */
export async function proveInterop(options: InteropOptions): Promise<InteropFigures> {
  await rm(options.folder, { recursive: true, force: true });
  await mkdir(options.folder, { recursive: true });
  const kafka = await provePublishAndRead(options);
  const { faults, ...clickhouse } = await proveFront(options);
  return { kafka, clickhouse, faults: [...kafkaFaults(kafka), ...faults] };
}

async function provePublishAndRead(options: InteropOptions): Promise<KafkaFigures> {
  const { endpoints, prefix } = options;
  const brokers = [endpoints.kafka];
  const catalogue = proofCatalogue(prefix);
  const highway = createHighway({
    brokers,
    registryUrl: `${endpoints.registry}/apis/ccompat/v7`,
    clientId: 'prove-interop',
    partitions: 2,
    logger: createLogger({ name: 'prove-interop', level: 'warn' }),
    metrics: createMetrics(),
    contract: catalogue.contract,
  });
  try {
    return await proveKafka({ ...options, brokers, registryBase: endpoints.registry, highway, catalogue });
  } finally {
    await highway.close();
  }
}

async function proveFront({
  endpoints,
  folder,
  log,
}: InteropOptions): Promise<{ checks: number; attempts: number; faults: string[] }> {
  const analyst = { user: 'analyst', password: '' };
  const target = { url: endpoints.clickhouse, database: 'default', folder, analyst };
  const checks = [...(await checkOfficialClient(target)), ...(await checkCurl(target))];
  log(`clickhouse: ${right(checks)} of ${checks.length} checks of outside clients hold`);
  const attempts = await checkAnalyst(target);
  log(`clickhouse: ${right(attempts)} of ${attempts.length} attempts of the analyst end right`);
  return {
    checks: checks.length,
    attempts: attempts.length,
    faults: [...checks, ...attempts].flatMap(fault),
  };
}

function right(checks: readonly Check[]): number {
  return checks.filter(({ ok }) => ok).length;
}

function fault({ check, ok, why }: Check): string[] {
  return ok ? [] : [`${check}${why === undefined ? '' : `: ${why}`}`];
}
