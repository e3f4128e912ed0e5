import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHighway, type Highway } from '@zhongtai/highway';
import { startStack } from '@zhongtai/local';
import { createLogger, createMetrics, isFailure } from '@zhongtai/runtime';
import { kafkaTools } from '../../kafka-tools.ts';
import { playChaos } from './chaos.ts';
import { chaosSchedule } from './chaos-schedule.ts';
import { check } from './check.ts';
import { startLoad } from './load.ts';
import { readTopics } from './read-topics.ts';
import { applicationName, byCustomerTopic, partitions, topicNames } from './records.ts';
import { compareStores } from './stores.ts';
import { createVirtualClock } from './virtual-clock.ts';
import { createWorkers, type Workers } from './workers.ts';

export interface ProveOptions {
  /** Emptied first. */
  readonly folder: string;
  readonly kills: number;
  readonly seed: number;
  readonly ordersPerSecond: number;
  /** `wide`: above the longest outage, nothing may be late. `small`: late records are said, each once. */
  readonly grace: 'wide' | 'small';
  readonly log: (line: string) => void;
}

const processes = 3;
const speed = 5;
const graceMsOf = { wide: 600_000, small: 5_000 } as const;
const drainLimitMs = 300_000;

/** Runs the application in three processes under load and trouble; resolves with figures and what did not hold. */
export async function proveExactlyOnce(options: ProveOptions) {
  const { folder, kills, seed, log } = options;
  const faults: string[] = [];
  const graceMs = graceMsOf[options.grace];
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'state'), { recursive: true });
  // Fetched before the work: a proof must not fail at its end for a jar.
  const classPath = await kafkaTools(log);
  const stack = await startStack({ directory: join(folder, 'stack'), parts: ['kafka'], ports: 'free', log });
  const broker = stack.endpoints.kafka;
  const highway = highwayAt(broker);
  const workers = createWorkers({
    folder,
    environment: { KAFKA_BROKERS: broker, GRACE_MS: String(graceMs) },
  });
  try {
    await createTopics(highway);
    for (let n = 1; n <= processes; n++) workers.start(`worker-${n}`);
    const virtualNow = createVirtualClock(8, speed);
    const load = startLoad({ highway, seed, ordersPerSecond: options.ordersPerSecond, virtualNow });
    await sleep(4_000);
    const { done } = await playChaos(chaosSchedule(kills, seed), { workers, stack, log });
    log('the troubles are over; the sources end');
    await load.stop();
    await drained(highway, workers, log);
    await load.closeWindows(graceMs, () => drained(highway, workers, () => {}));
    for (const name of workers.present) await workers.stop(name);
    const topics = await readTopics({ broker, classPath }, log);
    const figures = check(topics, options.grace === 'wide' ? 'none' : 'some', faults);
    const stores = await compareStores({ highway, workers, graceMs });
    if (stores.differences > 0) faults.push(`${stores.differences} entries of stores differ from a rebuild`);
    if (stores.entries === 0) faults.push('no store was compared');
    faults.push(...workers.faults);
    return { faults, kills, seed, grace: options.grace, troubles: done, sent: load.sent, ...figures, stores };
  } finally {
    for (const name of workers.present) await workers.kill(name);
    await highway.close();
    await stack.stop();
  }
}

function highwayAt(broker: string): Highway {
  return createHighway({
    brokers: [broker],
    registryUrl: 'http://127.0.0.1:9/unused',
    clientId: 'prove-exactly-once',
    partitions,
    logger: createLogger({ name: 'prove', level: 'error' }),
    metrics: createMetrics(),
  });
}

async function createTopics(highway: Highway): Promise<void> {
  const weekMs = 7 * 24 * 3_600_000;
  await highway.admin.ensureTopics(
    Object.values(topicNames).map((name) => ({
      name,
      records: [],
      partitions: 'P' as const,
      retentionMs: name === topicNames.members ? null : weekMs,
    })),
  );
}

/** Waits until the application has told its group that nothing is left to read. */
async function drained(highway: Highway, workers: Workers, log: (line: string) => void): Promise<void> {
  const inputs = [topicNames.orders, topicNames.payments, topicNames.members, byCustomerTopic];
  const deadline = Date.now() + drainLimitMs;
  let last = -1;
  for (let quiet = 0; quiet < 2; ) {
    const lag = await totalLag(highway, inputs);
    if (lag !== last) log(`${lag} records are still to be worked`);
    last = lag;
    // Twice in a row: what is emitted last has yet to come out of the internal topic.
    quiet = lag === 0 ? quiet + 1 : 0;
    if (Date.now() > deadline) {
      throw new Error(`not drained: ${lag} records; running: ${workers.present.join(', ')}`);
    }
    await sleep(1_100);
  }
}

async function totalLag(highway: Highway, topics: readonly string[]): Promise<number> {
  try {
    const lags = await Promise.all(topics.map((topic) => highway.admin.lag(applicationName, topic)));
    return lags.reduce((sum, each) => sum + each, 0);
  } catch (error) {
    // A broker that is coming up does not lead its partitions yet.
    if (isFailure(error, 'retryable')) return Number.POSITIVE_INFINITY;
    throw error;
  }
}
