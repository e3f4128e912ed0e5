import { describe, expect, it } from '@jest/globals';
import { centsOf } from './money.ts';

describe('centsOf', () => {
  it('gives whole cents where the double is a little off', () => {
    expect([1.15, 0.29, 4.35, 1.005e2, 840, 0].map(centsOf)).toEqual([115, 29, 435, 10_050, 84_000, 0]);
  });

  it('gives back every amount of cents that there may be', () => {
    for (let cents = 0; cents < 200_000; cents += 7) expect(centsOf(cents / 100)).toBe(cents);
  });

  it('refuses what would have to be rounded away', () => {
    for (const dollars of [0.001, 1.234, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => centsOf(dollars)).toThrow(expect.objectContaining({ code: 'ZT-DATASETS-VALUE' }));
    }
  });
});
