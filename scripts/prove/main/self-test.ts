import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Highway } from '@zhongtai/highway';
import type { Warehouse } from '@zhongtai/warehouse';
import { type AuditJob, auditTopics } from './audit.ts';
import { scanLogs, scanTables } from './scan-platform.ts';
import { createScanner } from './scanner.ts';

const value = '0933000777';
const scratch = 'scanner-self-test';

export interface SelfTestOptions extends Omit<AuditJob, 'planted' | 'topics'> {
  readonly highway: Highway;
  readonly warehouse: Warehouse;
  readonly clickhouseUrl: string;
  readonly logFolder: string;
}

/**
 * Puts one clear value on a topic, into a log and into a table, and scans again: a scanner that finds nothing there
 * proves nothing. Returns what it did not find.
 */
export async function selfTest(options: SelfTestOptions): Promise<string[]> {
  const { highway, warehouse, clickhouseUrl, logFolder } = options;
  const missed: string[] = [];
  const logs = join(logFolder, scratch);
  await mkdir(logs, { recursive: true });
  await writeFile(join(logs, 'planted.log'), `{"msg":"called ${value}"}\n`);
  const inLogs = createScanner([value]);
  await scanLogs(logs, inLogs);
  if (inLogs.findings.length === 0) missed.push('a log');
  await rm(logs, { recursive: true });

  await warehouse.command(`CREATE TABLE highway.\`${scratch}\` (a String) ENGINE = MergeTree ORDER BY a`);
  await warehouse.command(`INSERT INTO highway.\`${scratch}\` VALUES ('call ${value}')`);
  const inTables = createScanner([value]);
  await scanTables(warehouse, clickhouseUrl, inTables);
  if (!inTables.findings.some(({ where }) => where.endsWith(scratch))) missed.push('a table');
  await warehouse.command(`DROP TABLE highway.\`${scratch}\``);

  await highway.admin.ensureTopics([{ name: scratch, records: [], partitions: 1, retentionMs: 3_600_000 }]);
  const publisher = highway.createPublisher();
  await publisher.start();
  await publisher.publish([
    { topic: scratch, key: 'k', value: Buffer.from(`tel ${value}`), timestampMs: Date.now() },
  ]);
  await publisher.stop();
  const { findings } = await auditTopics({ ...options, planted: [value], topics: [scratch] });
  if (findings.length === 0) missed.push('a topic');
  await highway.admin.deleteTopics([scratch]);
  return missed;
}
