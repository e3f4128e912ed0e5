import type { OutMessage, Publisher } from '@zhongtai/highway';
import { type BenchCase, type Fed, ticks } from './cases.ts';
import type { Platform } from './platform.ts';

const perRound = 2000;
const roundsAtOnce = 3;

export interface Loaded {
  readonly records: number;
  /** Average bytes of a value. */
  readonly valueBytes: number;
}

/** Publishes all of it, as fast as the broker takes it. */
export async function preload(
  platform: Platform,
  inputs: readonly string[],
  fed: Iterable<Fed>,
): Promise<Loaded> {
  const publisher = platform.highway.createPublisher();
  await publisher.start();
  const under = new Set<Promise<unknown>>();
  let records = 0;
  let bytes = 0;
  let round: OutMessage[] = [];
  const send = async (): Promise<void> => {
    const one: Promise<unknown> = publisher.publish(round).finally(() => under.delete(one));
    under.add(one);
    round = [];
    if (under.size >= roundsAtOnce) await Promise.race(under);
  };
  for (const each of fed) {
    const message = platform.message(inputs[each.input] ?? '', each);
    bytes += message.value?.length ?? 0;
    records += 1;
    round.push(message);
    if (round.length >= perRound) await send();
  }
  if (round.length > 0) await send();
  await Promise.all(under);
  await publisher.stop();
  return { records, valueBytes: bytes / records };
}

export interface LiveLoad {
  /** Ends the load and waits for the last acknowledgement. */
  stop(): Promise<void>;
}

const beatMs = 5;

/** Publishes what is due every few ms, whatever the answers do: a slow broker makes no pause in the load. */
export async function liveLoad(
  platform: Platform,
  inputs: readonly string[],
  benchCase: Pick<BenchCase, 'live'>,
  perSecond: number,
): Promise<LiveLoad> {
  const publisher = platform.highway.createPublisher();
  await publisher.start();
  const startedAt = performance.now();
  let n = 0;
  const beat = setInterval(() => {
    const now = Date.now();
    const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond);
    const round: OutMessage[] = [];
    for (; n < due; n++) {
      const each = benchCase.live(n, now);
      round.push(platform.message(inputs[each.input] ?? '', each));
    }
    // A record that is not taken is missing at the end, where they are counted.
    publisher.publish(round).catch(() => undefined);
  }, beatMs);
  return {
    async stop() {
      clearInterval(beat);
      await publisher.stop();
    },
  };
}

const tickEveryMs = 300;

/** Lets event time go on by events that nobody counts, until it is stopped. */
export async function tickOn(
  publisher: Publisher,
  platform: Platform,
  input: string,
  clock: { round: number; readonly endMs: number },
): Promise<() => void> {
  const beat = async (): Promise<void> => {
    clock.round += 1;
    const round = ticks(clock.round, clock.endMs);
    await publisher.publish(round.map((each) => platform.message(input, each)));
  };
  await beat();
  const timer = setInterval(() => void beat().catch(() => undefined), tickEveryMs);
  return () => clearInterval(timer);
}
