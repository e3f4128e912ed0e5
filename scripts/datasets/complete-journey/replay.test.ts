import { describe, expect, it } from '@jest/globals';
import type { ApiEvent, EventsOptions } from '../dataset.ts';
import { replayJourney } from './replay.ts';
import { smallJourney } from './small-journey.ts';

async function replayed(options?: EventsOptions): Promise<ApiEvent[]> {
  const events: ApiEvent[] = [];
  for await (const batch of replayJourney(smallJourney(), options)) events.push(...batch);
  return events;
}

describe('replayJourney', () => {
  it('gives every event once, in order of event_time across the kinds', async () => {
    const events = await replayed();
    expect(
      events.map(({ event_type, source_stream, source_seq }) => [event_type, source_stream, source_seq]),
    ).toEqual([
      ['message_sent', 'campaigns', 1],
      ['pos_sale', 'store-330', 1],
      ['pos_sale', 'store-406', 1],
      ['message_sent', 'campaigns', 2],
      ['pos_sale', 'store-330', 2],
      ['loyalty_changed', 'loyalty', 1],
      ['pos_sale', 'store-330', 3],
    ]);
    const times = events.map(({ event_time }) => event_time);
    expect(times).toEqual(times.toSorted((left, right) => left - right));
  });

  it('gives any part exactly as it is in the whole', async () => {
    const whole = await replayed();
    for (let from = 0; from <= whole.length + 1; from += 1) {
      for (const limit of [0, 1, 3, 99]) {
        expect(await replayed({ from, limit, batchSize: 2 })).toEqual(whole.slice(from, from + limit));
      }
    }
  });

  it('cuts batches of the size that is asked for', async () => {
    const sizes: number[] = [];
    for await (const batch of replayJourney(smallJourney(), { batchSize: 3 })) sizes.push(batch.length);
    expect(sizes).toEqual([3, 3, 1]);
  });
});
