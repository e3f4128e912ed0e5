import { join } from 'node:path';
import { compareEvents, compareSlices, compareSums, slicesOfTables } from './arrivals.ts';
import { auditTopics } from './audit.ts';
import { countClearIdentities, scanLogs, scanTables } from './scan-platform.ts';
import { createScanner, type Finding } from './scanner.ts';
import type { Scene } from './scene.ts';
import { selfTest } from './self-test.ts';

/** Compares topics, tables and what was sent, then scans everything. What does not hold is added to `faults`. */
export async function verify(scene: Scene, faults: string[]): Promise<Record<string, unknown>> {
  const { platform, warehouse, load, dataset, folder, log, kills } = scene;
  const job = { brokers: platform.brokers, registryUrl: platform.registryUrl, folder };
  const audit = await auditTopics({ ...job, planted: load.planted });
  log(`an independent reader saw ${audit.records} records on ${audit.topics} topics`);
  const tables = await slicesOfTables(warehouse);
  faults.push(...compareSlices(audit.slices, tables), ...audit.gaps.map((gap) => `gap before ${gap}`));
  const events = await compareEvents(warehouse, load);
  const { sums, faults: wrongSums } = await compareSums(warehouse, load.expected, dataset);
  faults.push(...wrongSums);
  if (events.missing > 0) faults.push(`${events.missing} events are not in ClickHouse`);
  if (events.foreign > 0) faults.push(`${events.foreign} events in ClickHouse were never sent`);
  if (audit.distinctOnHighway !== load.sent.size)
    faults.push(`${audit.distinctOnHighway} events on the highway`);
  const repeats = audit.onHighway - audit.distinctOnHighway;
  if (repeats > 0) faults.push(`${repeats} repeats of an event_id on the highway`);
  if (events.rows !== events.distinct)
    faults.push(`${events.rows} rows of ${events.distinct} events in ClickHouse`);
  if (audit.undecodable > 0) faults.push(`${audit.undecodable} records cannot be decoded`);
  if (audit.deadLetters > 0) faults.push(`${audit.deadLetters} dead letters`);
  if (audit.clearIdentities > 0) faults.push(`${audit.clearIdentities} identities on topics are no tokens`);
  const sentAgain = audit.onInbound - audit.distinctOnInbound;
  if (sentAgain === 0 && kills >= 20) faults.push('no event was repeated: the kills hit nothing under way');
  log('comparison done; scanning for clear identifiers');
  const scan = await scanAll(scene, audit.findings, faults);
  return {
    onInbound: audit.onInbound,
    repeatsOnInbound: sentAgain,
    onHighway: audit.onHighway,
    repeatsOnHighway: repeats,
    distinct: events.distinct,
    missing: events.missing,
    rows: [...tables.values()].reduce((sum, { count }) => sum + count, 0),
    sums,
    scan: { topics: audit.topics, topicCharacters: audit.scanned, planted: load.planted.size, ...scan },
  };
}

async function scanAll(
  scene: Scene,
  onTopics: readonly Finding[],
  faults: string[],
): Promise<Record<string, number>> {
  const { platform, warehouse, load, folder, highway } = scene;
  const scanner = createScanner(load.planted);
  const logs = await scanLogs(folder, scanner);
  const logCharacters = scanner.scanned;
  const tables = await scanTables(warehouse, platform.clickhouseUrl, scanner);
  if (logs === 0 || logCharacters === 0) faults.push('no log was scanned');
  const clear = await countClearIdentities(warehouse);
  if (clear > 0) faults.push(`${clear} identities in tables are no tokens`);
  for (const { where, what, kind } of [...onTopics, ...scanner.findings].slice(0, 20)) {
    faults.push(`clear identifier in ${where}: ${what} (${kind})`);
  }
  const { clickhouseUrl, brokers, registryUrl } = platform;
  const missed = await selfTest({
    highway,
    warehouse,
    clickhouseUrl,
    brokers,
    registryUrl,
    folder,
    logFolder: join(folder, 'logs'),
  });
  for (const what of missed) faults.push(`the scanner did not see what was planted in ${what}`);
  return { logs, logCharacters, tables, tableCharacters: scanner.scanned - logCharacters };
}
