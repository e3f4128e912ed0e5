import type { Highway } from '@zhongtai/highway';
import { compareWithRebuild } from '@zhongtai/streams';
import { chain } from './chain.ts';
import type { Workers } from './workers.ts';

export interface StoreFigures {
  readonly copies: number;
  readonly entries: number;
  readonly differences: number;
}

/** Compares each local copy that stands at the end of its log with one that is restored anew from the changelogs. */
export async function compareStores(parts: {
  readonly highway: Highway;
  readonly workers: Workers;
  readonly graceMs: number;
}): Promise<StoreFigures> {
  const figures = { copies: 0, entries: 0, differences: 0 };
  for (const instance of parts.workers.names) {
    const compared = await compareWithRebuild({
      application: chain(parts.graceMs),
      log: parts.highway.createStreamLog(),
      stateDirectory: parts.workers.stateOf(instance),
      instance,
    });
    for (const { entries, differences } of compared) {
      figures.copies++;
      figures.entries += entries;
      figures.differences += differences;
    }
  }
  return figures;
}
