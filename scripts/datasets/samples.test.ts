import { describe, expect, it } from '@jest/globals';
import { sources, topics, topicsOf } from '@zhongtai/schemas';
import type { ApiEvent, EventsOptions } from './dataset.ts';
import { openSamples } from './samples.ts';

async function eventsOf(options?: EventsOptions): Promise<ApiEvent[]> {
  const events: ApiEvent[] = [];
  for await (const batch of openSamples({ rounds: 10 }).events(options)) events.push(...batch);
  return events;
}

describe('openSamples', () => {
  it('plays every type of all sources, each event once, in order of time', async () => {
    const events = await eventsOf();
    const { count, countByType, synthetic, published } = openSamples({ rounds: 10 });
    expect({ synthetic, published }).toEqual({ synthetic: true, published: null });
    expect(events).toHaveLength(count);
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(count);
    expect(new Set(events.map(({ event_type }) => event_type))).toEqual(new Set(Object.keys(countByType)));
    const told = topicsOf('highway');
    expect(new Set(told.map(({ source }) => source))).toEqual(new Set(sources));
    const times = events.map(({ event_time }) => event_time);
    expect(times).toEqual(times.toSorted((left, right) => left - right));
    expect(Math.max(...times)).toBeLessThan(Date.now());
  });

  it('plays the same again, whole or in part', async () => {
    const whole = await eventsOf();
    expect(await eventsOf({ batchSize: 7 })).toEqual(whole);
    expect(await eventsOf({ from: 100, limit: 50 })).toEqual(whole.slice(100, 150));
    expect(await eventsOf({ from: whole.length })).toEqual([]);
  });

  it('has records for every reference topic', async () => {
    const seen = new Set<string>();
    for await (const { topic } of openSamples().reference()) seen.add(topic);
    expect([...seen].sort()).toEqual(
      Object.keys(topics)
        .filter((name) => name.startsWith('reference.'))
        .sort(),
    );
  });
});
