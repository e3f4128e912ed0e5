import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { topicsOf } from '@zhongtai/schemas';
import { mustRun } from '../interop/run-client.ts';
import type { Slices } from './arrivals.ts';
import type { Finding } from './scanner.ts';

const auditor = join(import.meta.dirname, '../../../test/fault/topic-auditor.ts');

export interface AuditJob {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly folder: string;
  readonly planted: Iterable<string>;
  /** All topics of the broker when absent. */
  readonly topics?: readonly string[];
}

/** What the independent reader saw on the topics. */
export interface Audit {
  readonly topics: number;
  readonly records: number;
  /** Records on inbound and highway topics, and different event_ids among them. */
  readonly onInbound: number;
  readonly distinctOnInbound: number;
  readonly onHighway: number;
  readonly distinctOnHighway: number;
  readonly undecodable: number;
  readonly clearIdentities: number;
  readonly gaps: readonly string[];
  readonly deadLetters: number;
  readonly slices: Slices;
  readonly findings: readonly Finding[];
  readonly scanned: number;
}

interface Printed extends Omit<Audit, 'slices' | 'deadLetters'> {
  readonly slices: readonly {
    topic: string;
    partition: number;
    record: string;
    count: number;
    offsetSum: string;
  }[];
}

const tableOf = new Map(
  topicsOf('highway').flatMap(({ records }) =>
    records.map(({ name, eventType }) => [name, eventType] as const),
  ),
);

/** Runs the independent reader over the topics, in its own process. */
export async function auditTopics(job: AuditJob): Promise<Audit> {
  const needles = join(job.folder, 'planted.json');
  const order = join(job.folder, 'audit.json');
  await writeFile(needles, JSON.stringify([...job.planted]));
  const { brokers, registryUrl: registry } = job;
  await writeFile(
    order,
    JSON.stringify({
      brokers,
      registry,
      needles,
      ...(job.topics === undefined ? {} : { topics: job.topics }),
    }),
  );
  const printed = JSON.parse(await mustRun(process.execPath, [auditor, order])) as Printed;
  const slices: Slices = new Map();
  for (const { topic, record, partition, count, offsetSum } of printed.slices) {
    const table = topic.startsWith('highway.') ? tableOf.get(record) : undefined;
    if (table !== undefined) slices.set(`${table} ${partition}`, { count, distinct: count, offsetSum });
  }
  const letters = printed.slices.filter(({ topic }) => topic === 'dead-letter');
  return { ...printed, slices, deadLetters: letters.reduce((sum, { count }) => sum + count, 0) };
}
