import { setTimeout as sleep } from 'node:timers/promises';
import { usageOf } from '@zhongtai/local';
import type { BenchCase } from './cases.ts';
import type { Engine } from './engines.ts';
import { tickOn } from './feed.ts';
import type { Platform } from './platform.ts';

export interface DrainFigures {
  readonly seconds: number;
  readonly recordsPerSecond: number;
  /** The same over the second half of the results, when every compiler has seen the code. */
  readonly settledPerSecond: number;
  readonly engineCpuPerMillion: number;
  readonly settledCpuPerMillion: number;
  readonly brokerCpuPerMillion: number;
}

export interface DrainedTopics {
  readonly application: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly records: number;
}

interface Sample {
  readonly atMs: number;
  readonly stored: number;
  readonly engine: number;
  readonly broker: number;
}

const pollMs = 50;
/** Longer than any engine waits between two commits, or between two looks at closed windows. */
const quietMs = 3000;
/** Ticks that were published since the engine last told its group where it stands. */
const lagOfTicks = 200;
const limitMs = 240_000;

/**
 * From the moment that the engine has its tasks until its last result is committed. The broker is asked for the ends
 * of the committed results every 50 ms; nobody reads them meanwhile.
 */
export async function drain(
  platform: Platform,
  engine: Engine,
  topics: DrainedTopics,
  benchCase: BenchCase,
  clock: { round: number; readonly endMs: number },
): Promise<DrainFigures> {
  const look = async (): Promise<Sample> => {
    const ends = await platform.highway.admin.endOffsets(topics.output);
    return {
      atMs: performance.now(),
      stored: ends.reduce((sum, { end }) => sum + end, 0),
      engine: engine.cpuSeconds(),
      broker: usageOf(platform.brokerPid, 'without').cpuSeconds,
    };
  };
  await engine.running;
  const publisher = platform.highway.createPublisher();
  if (benchCase.needsTicks) await publisher.start();
  const endTicks = benchCase.needsTicks
    ? await tickOn(publisher, platform, topics.inputs[0] ?? '', clock)
    : () => undefined;
  const samples = [await look()];
  try {
    const hasRead = async (): Promise<boolean> => {
      const { admin } = platform.highway;
      const lags = await Promise.all(topics.inputs.map((input) => admin.lag(topics.application, input)));
      return lags.every((lag) => lag <= lagOfTicks);
    };
    await untilQuiet(samples, look, hasRead);
  } finally {
    endTicks();
    await publisher.stop();
  }
  return figures(samples, topics.records);
}

async function untilQuiet(
  samples: Sample[],
  look: () => Promise<Sample>,
  hasRead: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    await sleep(pollMs);
    const now = await look();
    const last = samples.at(-1);
    if (last === undefined || now.stored > last.stored) samples.push(now);
    else if (samples.length > 1 && now.atMs - last.atMs > quietMs && (await hasRead())) return;
    if (now.atMs > deadline) throw new Error(`no end of results within ${limitMs / 1000} s`);
  }
}

function figures(samples: readonly Sample[], records: number): DrainFigures {
  const [first, last] = [samples[0], samples.at(-1)];
  const half = samples.find(({ stored }) => stored >= (last?.stored ?? 0) / 2);
  if (first === undefined || last === undefined || half === undefined)
    throw new Error('nothing was measured');
  const seconds = (last.atMs - first.atMs) / 1000;
  const share = (last.stored - half.stored) / last.stored;
  const settled = records * share;
  const perMillion = (cpuSeconds: number, of: number): number => (cpuSeconds / of) * 1e6;
  return {
    seconds,
    recordsPerSecond: records / seconds,
    settledPerSecond: settled / ((last.atMs - half.atMs) / 1000),
    engineCpuPerMillion: perMillion(last.engine - first.engine, records),
    settledCpuPerMillion: perMillion(last.engine - half.engine, settled),
    brokerCpuPerMillion: perMillion(last.broker - first.broker, records),
  };
}
