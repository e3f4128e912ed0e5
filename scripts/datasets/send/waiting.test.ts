import { describe, expect, it } from '@jest/globals';
import { parseRetryAfterMs, waitBeforeRetryMs } from './backoff.ts';
import { createLatencyHistogram } from './latency.ts';
import { createReservoir } from './sampling.ts';

describe('waitBeforeRetryMs', () => {
  it('doubles the longest possible wait up to the cap', () => {
    const options = { baseMs: 50, capMs: 2_000, random: () => 1 };
    const waits = [1, 2, 3, 6, 7, 60].map((failures) => waitBeforeRetryMs(failures, null, options));
    expect(waits).toEqual([50, 100, 200, 1_600, 2_000, 2_000]);
  });

  it('may come back at once, but never before the server allows it', () => {
    const options = { baseMs: 50, capMs: 2_000, random: () => 0 };
    expect(waitBeforeRetryMs(9, null, options)).toBe(0);
    expect(waitBeforeRetryMs(1, 3_000, options)).toBe(3_000);
  });
});

describe('parseRetryAfterMs', () => {
  it('reads seconds and dates', () => {
    const now = Date.UTC(2026, 0, 1);
    expect(parseRetryAfterMs('3', now)).toBe(3_000);
    expect(parseRetryAfterMs('Thu, 01 Jan 2026 00:00:07 GMT', now)).toBe(7_000);
    expect(parseRetryAfterMs('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0);
    expect(parseRetryAfterMs('soon', now)).toBeNull();
    expect(parseRetryAfterMs(undefined, now)).toBeNull();
  });
});

describe('createLatencyHistogram', () => {
  it('gives percentiles within 2 %', () => {
    const histogram = createLatencyHistogram();
    expect(histogram.percentile(0.5)).toBe(0);
    for (let ms = 1; ms <= 10_000; ms += 1) histogram.record(ms);
    expect(histogram.count).toBe(10_000);
    for (const share of [0.01, 0.5, 0.99, 1]) {
      expect(Math.abs(histogram.percentile(share) / (share * 10_000) - 1)).toBeLessThan(0.021);
    }
  });
});

describe('createReservoir', () => {
  it('keeps a fair share of early and late items', () => {
    const reservoir = createReservoir<number>(500, Math.random);
    for (let item = 0; item < 10_000; item += 1) reservoir.offer(item);
    expect(reservoir.items).toHaveLength(500);
    expect(new Set(reservoir.items).size).toBe(500);
    const late = reservoir.items.filter((item) => item >= 5_000).length;
    expect(late).toBeGreaterThan(150);
    expect(late).toBeLessThan(350);
  });
});
