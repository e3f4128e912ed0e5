import { seeded, shuffled } from './seeded.ts';

/** Everything that may die. The order is the one in which a short run sees to it that each is hit. */
export const victims = [
  'api-gateway',
  'factory',
  'kafka',
  'warehouse-sink',
  'clickhouse',
  'registry',
] as const;
export type Victim = (typeof victims)[number];

/** What a kill waits for: events handed to the client, or rows that are in ClickHouse. */
export type Progress = 'sent' | 'stored';

export interface Kill {
  /** Due when this share of `by` is reached. */
  readonly at: number;
  readonly by: Progress;
  /** So long afterwards: requests are anywhere between the first byte and the answer. */
  readonly afterMs: number;
  readonly victim: Victim;
}

/** Sink and ClickHouse are to be hit while rows go in, which begins in earnest when other kills leave them alone. */
const storing: ReadonlySet<Victim> = new Set(['warehouse-sink', 'clickhouse']);

/**
 * Kills spread over the whole run, at a random moment of each equal part of it. Each round of six hits every
 * victim once, in random order; a run with fewer kills hits the first ones.
 */
export function killSchedule(kills: number, seed: number): Kill[] {
  const random = seeded(seed);
  const order: Victim[] = [];
  while (order.length < kills) order.push(...shuffled(victims.slice(0, kills - order.length), random));
  return order.map((victim, n) => ({
    victim,
    by: storing.has(victim) ? 'stored' : 'sent',
    at: (n + random()) / kills,
    afterMs: Math.floor(random() * 40),
  }));
}
