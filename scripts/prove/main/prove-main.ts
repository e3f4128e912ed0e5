import { mkdir, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHighway } from '@zhongtai/highway';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { createWarehouse } from '@zhongtai/warehouse';
import { sendEvents, sendReference } from '../../datasets/index.ts';
import { startPlatform } from '../../platform/platform.ts';
import { countRows } from './arrivals.ts';
import { measureIdle } from './idle.ts';
import { killSchedule } from './kill-schedule.ts';
import { createKiller, type Killer } from './killer.ts';
import { createLoad } from './load.ts';
import { measurePace, type Pace } from './pace.ts';
import type { ProveMainOptions, Scene } from './scene.ts';
import { verify } from './verify.ts';

export interface MainFigures {
  readonly faults: string[];
  readonly [figure: string]: unknown;
}

/** Rows may stand still for this long, kills and recoveries included, before the run counts as stuck. */
const stalledMs = 120_000;
const pollMs = 300;
const goalEventsPerSecond = 15_000;
const goalVisibleMs = 2000;

/** Sends a data set once while everything is killed, then compares and scans everything. */
export async function proveMain(options: ProveMainOptions): Promise<MainFigures> {
  const { folder, dataset, log } = options;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const platform = await startPlatform({
    directory: folder,
    ports: 'free',
    parts: ['kafka', 'registry', 'clickhouse'],
    ...(options.env === undefined ? {} : { env: options.env }),
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
  const faults = await drained(scene, killer);
  await killer.finish();
  faults.push(...(await drained(scene, killer)));
  const seconds = (performance.now() - startedAt) / 1000;
  log(`everything accepted and visible after ${seconds.toFixed(1)} s; comparing`);
  if (sent.rejected > 0) faults.push(`${sent.rejected} rejected: ${JSON.stringify(sent.rejections[0])}`);
  if (sent.accepted !== scene.load.count) faults.push(`${sent.accepted} of ${scene.load.count} accepted`);
  if (reference.rejected > 0) faults.push(`${reference.rejected} reference records rejected`);
  const compared = await verify(scene, faults);
  const idle = scene.idleSeconds > 0 ? await measureIdle(platform.stack, scene.idleSeconds) : null;
  if (idle !== null && idle.ownPercent >= 3) faults.push(`idle: ${idle.ownPercent} % of a core`);
  const { pace: wanted } = scene;
  const pace = wanted === undefined ? null : await measurePace(scene, wanted.events, wanted.seconds);
  if (pace !== null) faults.push(...tooSlow(pace));
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
    pace,
    faults,
  };
}

function tooSlow({ eventsPerSecond, acceptToVisibleMs }: Pace): string[] {
  const slow = eventsPerSecond < goalEventsPerSecond ? [`${eventsPerSecond} events/s to ClickHouse`] : [];
  const late = acceptToVisibleMs.p99 > goalVisibleMs || acceptToVisibleMs.unseen > 0;
  return late ? [...slow, `accept to visible p99 ${acceptToVisibleMs.p99} ms`] : slow;
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
        // Awaited by nobody here: the killer keeps its own order and tells a failure at the end.
        void killer.progress('stored', rows / load.count);
      },
      // ClickHouse is down at times, by intention; the last count stands until it answers again.
      () => undefined,
    );
  }, pollMs);
  let nextLine = 0;
  try {
    return await sendEvents({
      ...target,
      batches: load.batches((share) => killer.progress('sent', share)),
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

/** Waits until the tables have all events that were sent; kills go on meanwhile. */
async function drained({ load, warehouse, log }: Scene, killer: Killer): Promise<string[]> {
  const records = load.count;
  let most = -1;
  let movedAt = performance.now();
  let saidAt = 0;
  for (;;) {
    const rows = await countRows(warehouse).catch(() => most);
    if (rows >= records) return [];
    await killer.progress('stored', rows / records);
    if (rows > most) {
      most = rows;
      movedAt = performance.now();
      if (movedAt > saidAt + 1_000) {
        log(`draining: ${rows} rows of ${records} events`);
        saidAt = movedAt;
      }
    }
    if (performance.now() - movedAt > stalledMs) return [`stuck at ${rows} rows of ${records} events`];
    await sleep(pollMs);
  }
}
