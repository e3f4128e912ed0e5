import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHighway } from '@zhongtai/highway';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { idsTopic, type Preloaded, preloadIds, sendEvents } from './admit-preload.ts';
import { createFactoryProcess, type FactoryProcess } from './admit-process.ts';
import { benchStack } from './gateway-stack.ts';

/**
 * `admit` with its window full: four tasks in one process know IDS ids and let EVENTS more through, one in twenty of
 * them a repeat. Usage: IDS=20000000 EVENTS=600000 make bench-admit
 */
const goalEventsPerSecond = 20_000;
const goalBytesPer10M = 1_000_000_000;
const ids = Number(process.env['IDS'] ?? 20_000_000);
const events = Number(process.env['EVENTS'] ?? 600_000);
const pollMs = 50;
const say = (line: string): void => console.error(line);

const stack = await benchStack();
const directory = await mkdtemp(join(tmpdir(), 'zhongtai-bench-admit-'));
const highway = createHighway({
  brokers: [stack.kafka],
  registryUrl: stack.registry,
  clientId: 'bench-admit',
  partitions: 4,
  logger: createLogger({ name: 'bench-admit', level: 'error' }),
  metrics: createMetrics(),
});

async function onHighway(): Promise<number> {
  const ends = await highway.admin.endOffsets('highway.order');
  return ends.reduce((sum, { end }) => sum + end, 0);
}

/** Waits until the factory has let so many events more through; answers events a second from the first on. */
async function drain(factory: FactoryProcess, before: number, expected: number): Promise<number> {
  let firstAt = 0;
  let firstCount = 0;
  let lastAt = 0;
  let lastCount = 0;
  for (;;) {
    const count = (await onHighway()) - before;
    if (count > lastCount) {
      lastAt = performance.now();
      lastCount = count;
    }
    if (firstAt === 0 && count > 0) {
      firstAt = lastAt;
      firstCount = count;
    }
    // Each transaction's marker takes an offset too, so the end is known by the factory's own lag, told each second.
    if (count >= expected && (await highway.admin.lag('admit', 'inbound.order')) === 0) {
      return (expected - firstCount) / ((lastAt - firstAt) / 1000);
    }
    if (factory.ended) throw new Error('the factory ended');
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

async function bench(): Promise<boolean> {
  const factory = createFactoryProcess(stack, join(directory, 'state'));
  await factory.start();
  const warmUp = await sendEvents(highway, 1000, Date.now());
  await drain(factory, 0, warmUp.distinct);
  await factory.stop();
  say(`filling ${idsTopic} with ${ids.toLocaleString('en')} ids`);
  const filled: Preloaded = await preloadIds(highway, ids);
  await rm(join(directory, 'state'), { recursive: true, force: true });
  const restoring = performance.now();
  await factory.start();
  let known = 0;
  while (known < ids && !factory.ended) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    known = await factory.metric('zhongtai_streams_store_entries');
  }
  const restoreSeconds = (performance.now() - restoring) / 1000;
  say(`restored after ${restoreSeconds.toFixed(1)} s (${filled.seconds.toFixed(1)} s to write them)`);
  await factory.stop();
  const bytes = await factory.stateBytes();
  say(`${known.toLocaleString('en')} entries in ${Math.round(bytes / 1e6)} MB`);
  const before = await onHighway();
  const sent = await sendEvents(highway, events, Date.now());
  await factory.start();
  const eventsPerSecond = Math.round(await drain(factory, before, sent.distinct));
  const cpuSecondsPerMillion = (factory.cpuSeconds() / events) * 1e6;
  await factory.stop();
  const bytesPer10MIds = Math.round((bytes / (ids + warmUp.distinct)) * 1e7);
  const holds = eventsPerSecond >= goalEventsPerSecond && bytesPer10MIds < goalBytesPer10M;
  console.log(
    JSON.stringify({
      bench: 'admit',
      holds,
      ids,
      events,
      repeats: sent.events - sent.distinct,
      eventsPerSecond,
      goalEventsPerSecond,
      cpuSecondsPerMillion: Number(cpuSecondsPerMillion.toFixed(1)),
      coldRestoreSeconds: Number(restoreSeconds.toFixed(1)),
      bytesPer10MIds,
      goalBytesPer10M,
    }),
  );
  return holds;
}

try {
  process.exitCode = (await bench()) ? 0 : 1;
} finally {
  await highway.close();
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
}
