import { describe, expect, it } from '@jest/globals';
import { shopClock, startOfShopDay } from './shop-time.ts';

const HOUR_MS = 3_600_000;

describe('startOfShopDay', () => {
  it('is midnight in New York on every day of 2017, also when the clocks change', () => {
    for (let day = Date.UTC(2016, 10, 1); day < Date.UTC(2018, 2, 1); day += 24 * HOUR_MS) {
      const date = new Date(day).toISOString().slice(0, 10);
      expect(shopClock(startOfShopDay(day))).toBe(`${date} 00:00`);
    }
  });

  it('is five hours behind UTC in winter and four in summer', () => {
    expect(startOfShopDay(Date.UTC(2017, 0, 1))).toBe(Date.UTC(2017, 0, 1, 5));
    expect(startOfShopDay(Date.UTC(2017, 6, 1))).toBe(Date.UTC(2017, 6, 1, 4));
  });
});
