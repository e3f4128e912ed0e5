import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hopping, retentionFor, startsOf, tumbling } from './windows.ts';

describe('windows', () => {
  it('that tumble hold each time once, those before 1970 too', () => {
    expect(startsOf(tumbling(100), 0)).toEqual([0]);
    expect(startsOf(tumbling(100), 99)).toEqual([0]);
    expect(startsOf(tumbling(100), 100)).toEqual([100]);
    expect(startsOf(tumbling(100), -1)).toEqual([-100]);
  });

  it('that hop hold a time in every window that begins within their size', () => {
    expect(startsOf(hopping(100, 40), 100)).toEqual([40, 80]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 200 }),
        fc.nat(),
        (every, more, time) => {
          const windows = hopping(every + more, every);
          const starts = startsOf(windows, time);
          expect(starts).toEqual(starts.toSorted((a, b) => a - b));
          for (const start of starts) {
            expect(Math.abs(start % every)).toBe(0);
            expect(start <= time && time < start + windows.sizeMs).toBe(true);
          }
          expect(starts.length).toBe(Math.floor(time / every) - Math.floor((time - windows.sizeMs) / every));
        },
      ),
    );
  });

  it('cannot leave gaps', () => {
    expect(() => hopping(100, 101)).toThrow('windows of 100 ms cannot begin every 101 ms');
    expect(() => tumbling(0)).toThrow('cannot begin');
  });

  it('are kept for more than their span', () => {
    expect(retentionFor(3_600_000).retentionMs).toBeGreaterThan(3_600_000);
    expect(retentionFor(1).segmentMs).toBeGreaterThan(0);
  });
});
