import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHighway, type Highway } from '@zhongtai/highway';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { topics } from '@zhongtai/schemas';
import { createWarehouse, type Warehouse } from '@zhongtai/warehouse';
import { type Dataset, sendEvents, sendReference } from '../../datasets/index.ts';
import { type Platform, startPlatform } from '../../platform/platform.ts';
import { compareEvents, compareSlices, compareSums, countRows, slicesOfTables } from './arrivals.ts';
import { auditTopics } from './audit.ts';
import { measureIdle } from './idle.ts';
import { killSchedule } from './kill-schedule.ts';
import { createKiller, type Killer } from './killer.ts';
import { createLoad, type Load } from './load.ts';
import { countClearIdentities, scanLogs, scanTables } from './scan-platform.ts';
import { createScanner } from './scanner.ts';
import { selfTest } from './self-test.ts';

export interface ProveMainOptions {
  /** Emptied first. */
  readonly folder: string;
  readonly dataset: Dataset;
  readonly planted: number;
  readonly batchSize: number;
  readonly kills: number;
  readonly seed: number;
  /** How long to watch the idle processes; 0 leaves it out, where other work would disturb it. */
  readonly idleSeconds: number;
  readonly log: (line: string) => void;
}

export interface MainFigures {
  readonly faults: string[];
  readonly [figure: string]: unknown;
}

interface Scene extends ProveMainOptions {
  readonly platform: Platform;
  readonly highway: Highway;
  readonly warehouse: Warehouse;
  readonly load: Load;
}

/** Rows may stand still for this long, kills and recoveries included, before the run counts as stuck. */
const stalledMs = 120_000;

/** Sends a data set once while everything is killed, then compares and scans everything. */
export async function proveMain(options: ProveMainOptions): Promise<MainFigures> {
  const { folder, dataset, log } = options;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const platform = await startPlatform({
    directory: folder,
    ports: 'free',
    parts: ['kafka', 'registry', 'clickhouse'],
    log,
  });
  const highway = createHighway({
    brokers: platform.brokers,
    registryUrl: platform.registryUrl,
    clientId: 'prove-main',
    partitions: 4,
    logger: createLogger({ name: 'prove-main', level: 'fatal' }),
    metrics: createMetrics(),
  });
  const warehouse = createWarehouse({
    url: platform.clickhouseUrl,
    user: 'default',
    password: '',
    application: 'prove-main',
    requestTimeoutMs: 300_000,
  });
  try {
    const load = createLoad(dataset, options);
    return await run({ ...options, platform, highway, warehouse, load });
  } finally {
    await warehouse.close();
    await highway.close();
    await platform.stop();
  }
}

async function run(scene: Scene): Promise<MainFigures> {
  const { platform, dataset, seed, log } = scene;
  const target = { url: platform.gatewayUrl, key: platform.secrets.apiKey, giveUpAfterMs: 600_000 };
  const reference = await sendReference({ ...target, records: dataset.reference() });
  log(`${reference.accepted} reference records accepted`);
  const killer = createKiller(platform.stack, killSchedule(scene.kills, seed), log);
  const startedAt = performance.now();
  const sent = await sendAll(scene, target, killer);
  await killer.finish();
  const faults = await drained(scene);
  const seconds = (performance.now() - startedAt) / 1000;
  log(`everything accepted and visible after ${seconds.toFixed(1)} s; comparing`);
  if (sent.rejected > 0) faults.push(`${sent.rejected} rejected: ${JSON.stringify(sent.rejections[0])}`);
  if (sent.accepted !== scene.load.count) faults.push(`${sent.accepted} of ${scene.load.count} accepted`);
  if (reference.rejected > 0) faults.push(`${reference.rejected} reference records rejected`);
  const compared = await compareAll(scene, faults);
  const idle = scene.idleSeconds > 0 ? await measureIdle(platform.stack, scene.idleSeconds) : null;
  if (idle !== null && idle.ownPercent >= 3) faults.push(`idle: ${idle.ownPercent} % of a core`);
  return {
    seed,
    kills: killer.done,
    killsByVictim: killer.byVictim,
    sent: sent.sent,
    accepted: sent.accepted,
    retried: sent.retried,
    requests: sent.requests,
    ...compared,
    seconds: Math.round(seconds),
    idle,
    faults,
  };
}

async function sendAll(
  { load, warehouse, log, kills }: Scene,
  target: { url: string; key: string; giveUpAfterMs: number },
  killer: Killer,
) {
  let accepted = 0;
  let rows = 0;
  const counting = setInterval(() => {
    countRows(warehouse).then(
      (found) => {
        rows = found;
      },
      // ClickHouse is down at times, by intention; the last count stands until it answers again.
      () => undefined,
    );
  }, 2_000);
  let nextLine = 0;
  try {
    return await sendEvents({
      ...target,
      batches: load.batches(killer.progress),
      progressEveryMs: 100,
      onProgress: (counts) => {
        accepted = counts.accepted;
        if (counts.elapsedMs < nextLine) return;
        nextLine = counts.elapsedMs + 3_000;
        log(
          `${Math.round((100 * accepted) / load.count)} %  accepted ${accepted}  rows ${rows}  retried ${counts.retried}  kills ${killer.done}/${kills} ${killer.last}`,
        );
      },
    });
  } finally {
    clearInterval(counting);
  }
}

/** Waits until the tables have as many rows as the topics have records. */
async function drained({ highway, warehouse, log }: Scene): Promise<string[]> {
  const names = Object.values(topics).flatMap(({ name, source }) => (source === null ? [] : [name]));
  const ends = await Promise.all(names.map((name) => highway.admin.endOffsets(name)));
  const records = ends.flat().reduce((sum, { end, earliest }) => sum + end - earliest, 0);
  let most = -1;
  let movedAt = performance.now();
  for (;;) {
    const rows = await countRows(warehouse).catch(() => most);
    if (rows >= records) return [];
    if (rows > most) {
      most = rows;
      movedAt = performance.now();
      log(`draining: ${rows} rows of ${records} records`);
    }
    if (performance.now() - movedAt > stalledMs) return [`stuck at ${rows} rows of ${records} records`];
    await sleep(1_000);
  }
}

async function compareAll(scene: Scene, faults: string[]): Promise<Record<string, unknown>> {
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
  if (audit.distinctEvents !== load.sent.size) faults.push(`${audit.distinctEvents} events on the highway`);
  if (audit.undecodable > 0) faults.push(`${audit.undecodable} records cannot be decoded`);
  if (audit.deadLetters > 0) faults.push(`${audit.deadLetters} dead letters`);
  const repeats = audit.events - audit.distinctEvents;
  if (repeats === 0 && kills >= 20) faults.push('no event was repeated: the kills hit nothing under way');
  log('comparison done; scanning for clear identifiers');
  const scan = await scanAll(scene, audit.findings, faults);
  return {
    onHighway: audit.events,
    distinct: events.distinct,
    missing: events.missing,
    repeats,
    rows: [...tables.values()].reduce((sum, { count }) => sum + count, 0),
    sums,
    scan: { topics: audit.topics, topicCharacters: audit.scanned, planted: load.planted.size, ...scan },
  };
}

async function scanAll(
  scene: Scene,
  onTopics: readonly { where: string; what: string; kind: string }[],
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
