import { seeded } from '../main/seeded.ts';

/**
 * What can happen to the processes of an application: `kill` (-9, started again), `wipe` (-9, and its state is
 * gone), `freeze` (SIGSTOP, later SIGCONT: a zombie that wakes), `leave` (SIGTERM, started again later), `join`
 * (one more process for a while), `broker` (-9, started again).
 */
export const troubles = ['kill', 'freeze', 'broker', 'leave', 'join', 'wipe'] as const;
export type Trouble = (typeof troubles)[number];

const weights: Readonly<Record<Trouble, number>> = {
  kill: 8,
  freeze: 5,
  broker: 2,
  leave: 2,
  join: 2,
  wipe: 1,
};

export interface Event {
  readonly trouble: Trouble;
  /** Which process, as a share of those that run. */
  readonly which: number;
  /** How long it stays away or frozen. */
  readonly lastsMs: number;
  /** Until the next event: troubles overlap. */
  readonly pauseMs: number;
}

/** The first six are one of each, then by weight; the same seed gives the same schedule. */
export function chaosSchedule(kills: number, seed: number): Event[] {
  const random = seeded(seed);
  const lots = troubles.flatMap((trouble) => Array<Trouble>(weights[trouble]).fill(trouble));
  const pick = (): Trouble => lots[Math.floor(random() * lots.length)] ?? 'kill';
  return Array.from({ length: kills }, (_, n) => {
    const trouble = troubles[n] ?? pick();
    const freeze = trouble === 'freeze';
    return {
      trouble,
      which: random(),
      lastsMs: Math.floor(freeze ? 1_000 + random() * 13_000 : random() * 3_000),
      pauseMs: Math.floor(300 + random() * 3_700),
    };
  });
}
