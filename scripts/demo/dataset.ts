import { join } from 'node:path';
import { messageOf } from '@zhongtai/runtime';
import { type Dataset, openCompleteJourney, openSamples } from '../datasets/index.ts';

export interface OpenOptions {
  readonly directory: string;
  readonly limit?: number;
  readonly log: (line: string) => void;
}

/** The real data set; samples made from the schemas, with a word about it, where it cannot be had. */
export async function openDataset({ directory, limit, log }: OpenOptions): Promise<Dataset> {
  const whole = await openWhole(directory, log);
  return limit === undefined || limit >= whole.count ? whole : firstEvents(whole, limit);
}

async function openWhole(directory: string, log: (line: string) => void): Promise<Dataset> {
  try {
    return await openCompleteJourney({ cacheDirectory: join(directory, 'datasets'), log });
  } catch (error) {
    log(
      `真實資料無法取得，改播樣本 the real data set cannot be had, playing samples instead:\n  ${messageOf(error)}`,
    );
    return openSamples({});
  }
}

/** The first events of a set. Nobody published totals of a part. */
async function firstEvents(whole: Dataset, limit: number): Promise<Dataset> {
  const countByType: Record<string, number> = {};
  for await (const batch of whole.events({ limit })) {
    for (const { event_type: type } of batch) countByType[type] = (countByType[type] ?? 0) + 1;
  }
  return {
    ...whole,
    count: limit,
    countByType,
    published: null,
    events: (options) => whole.events({ ...options, limit }),
    reference: () => whole.reference(),
  };
}
