import { resolve } from 'node:path';
import { messageOf, ZhongtaiError } from '@zhongtai/runtime';
import { type Dataset, datasetCodes, openCompleteJourney, openSamples } from '../datasets/index.ts';

export interface OpenOptions {
  readonly limit?: number;
  readonly log: (line: string) => void;
}

/** It cannot be fetched here. Anything else that is wrong with it is an error. */
const MISSING = new Set<string>([datasetCodes.pythonMissing, datasetCodes.fetchFailed]);

/** Fetched once for all demos, wherever they run. */
const cacheDirectory = resolve(import.meta.dirname, '../../.local/datasets');

/** The real data set; samples made from the schemas, with a word about it, where it cannot be had. */
export async function openDataset({ limit, log }: OpenOptions): Promise<Dataset> {
  const whole = await openWhole(log);
  return limit === undefined || limit >= whole.count ? whole : firstEvents(whole, limit);
}

async function openWhole(log: (line: string) => void): Promise<Dataset> {
  try {
    return await openCompleteJourney({ cacheDirectory, log });
  } catch (error) {
    if (!(error instanceof ZhongtaiError && MISSING.has(error.code))) throw error;
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
    reference: () => first(whole.reference(), limit),
  };
}

async function* first<T>(items: AsyncIterable<T>, limit: number): AsyncGenerator<T> {
  let left = limit;
  for await (const item of items) {
    if (left === 0) return;
    left -= 1;
    yield item;
  }
}
