import { setTimeout as sleep } from 'node:timers/promises';
import { usageOf } from '@zhongtai/local';
import type { BenchCase } from './cases.ts';
import type { Engine } from './engines.ts';
import { liveLoad } from './feed.ts';
import type { Platform } from './platform.ts';
import { watch } from './watch.ts';

export interface LatencyFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly results: number;
  /** Shares of a core. */
  readonly engineCpu: number;
  readonly brokerCpu: number;
}

/** From the moment that an event is made to the moment that a read_committed reader has its result. */
export async function latency(
  platform: Platform,
  engine: Engine,
  topics: { readonly inputs: readonly string[]; readonly output: string },
  benchCase: BenchCase,
  load: { readonly perSecond: number; readonly warmMs: number; readonly measureMs: number },
): Promise<LatencyFigures> {
  const latencies: number[] = [];
  let measuring = false;
  const stopWatching = await watch(
    platform.highway,
    { name: topics.output },
    `watch-${topics.output}`,
    ({ madeMs, seenMs }) => (measuring ? latencies.push(seenMs - madeMs) : undefined),
  );
  await engine.running;
  const feed = await liveLoad(platform, topics.inputs, benchCase, load.perSecond);
  try {
    await sleep(load.warmMs);
    const used = () => [engine.cpuSeconds(), usageOf(platform.brokerPid, 'without').cpuSeconds] as const;
    const [engineBefore, brokerBefore] = used();
    measuring = true;
    await sleep(load.measureMs);
    measuring = false;
    const [engineAfter, brokerAfter] = used();
    latencies.sort((a, b) => a - b);
    const at = (share: number): number => latencies[Math.floor(share * latencies.length)] ?? Number.NaN;
    return {
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      results: latencies.length,
      engineCpu: (engineAfter - engineBefore) / (load.measureMs / 1000),
      brokerCpu: (brokerAfter - brokerBefore) / (load.measureMs / 1000),
    };
  } finally {
    await feed.stop();
    await stopWatching();
  }
}
