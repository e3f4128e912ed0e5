import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { cases } from './cases.ts';
import type { Engine } from './engines.ts';
import { liveLoad } from './feed.ts';
import type { Platform } from './platform.ts';
import { watch } from './watch.ts';

export interface RecoveryFigures {
  /** Seconds from kill -9 to the first committed result of an event that was made after it. */
  readonly warmSeconds: number;
  readonly emptySeconds: number;
}

const perSecond = 1000;
const flowMs = 6000;
const limitMs = 120_000;

/** Counts with their state already built; a restart follows each kill at once, under the same name. */
export async function recovery(
  platform: Platform,
  start: () => Engine,
  topics: { readonly inputs: readonly string[]; readonly output: string },
  stateDirectory: string,
): Promise<RecoveryFigures> {
  let engine = start();
  let killedMs = Number.POSITIVE_INFINITY;
  let back: (seconds: number) => void = () => undefined;
  let flowing: () => void = () => undefined;
  const stopWatching = await watch(
    platform.highway,
    { name: topics.output },
    `watch-${topics.output}`,
    ({ madeMs, seenMs }) => {
      if (madeMs > startedMs) flowing();
      if (madeMs > killedMs) back((seenMs - killedMs) / 1000);
    },
  );
  const killAndReturn = async (empty: boolean): Promise<number> => {
    const { promise, resolve } = Promise.withResolvers<number>();
    back = resolve;
    killedMs = Date.now();
    await engine.kill();
    if (empty) await rm(stateDirectory, { recursive: true, force: true });
    engine = start();
    const seconds = await within(promise, 'no result after a kill');
    killedMs = Number.POSITIVE_INFINITY;
    await sleep(flowMs);
    return seconds;
  };
  const startedMs = Date.now();
  const load = await liveLoad(platform, topics.inputs, cases.count, perSecond);
  try {
    const caughtUp = new Promise<void>((resolve) => {
      flowing = resolve;
    });
    await within(caughtUp, 'no fresh result');
    await sleep(flowMs);
    const warmSeconds = await killAndReturn(false);
    const emptySeconds = await killAndReturn(true);
    return { warmSeconds, emptySeconds };
  } finally {
    await load.stop();
    await stopWatching();
    await engine.stop();
  }
}

async function within<T>(promise: Promise<T>, otherwise: string): Promise<T> {
  const late = sleep(limitMs, undefined, { ref: false }).then(() => {
    throw new Error(`${otherwise} within ${limitMs / 1000} s`);
  });
  return Promise.race([promise, late]);
}
