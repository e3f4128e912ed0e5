import { describe, expect, it } from '@jest/globals';
import { killSchedule, victims } from './kill-schedule.ts';

describe('killSchedule', () => {
  it('is decided by the seed', () => {
    expect(killSchedule(20, 7)).toEqual(killSchedule(20, 7));
    expect(killSchedule(20, 7)).not.toEqual(killSchedule(20, 8));
  });

  it('spreads the kills over the whole run', () => {
    for (const [n, { at }] of killSchedule(20, 1).entries()) {
      expect(at).toBeGreaterThanOrEqual(n / 20);
      expect(at).toBeLessThan((n + 1) / 20);
    }
  });

  it.each([6, 24, 96])('hits every victim equally often in %i kills', (kills) => {
    const counted = Map.groupBy(killSchedule(kills, 3), ({ victim }) => victim);
    for (const victim of victims) expect(counted.get(victim)).toHaveLength(kills / victims.length);
  });

  it('hits as many different victims as there are kills when there are fewer than victims', () => {
    expect(
      killSchedule(2, 9)
        .map(({ victim }) => victim)
        .toSorted(),
    ).toEqual(['api-gateway', 'factory']);
    expect(killSchedule(0, 9)).toEqual([]);
  });
});
