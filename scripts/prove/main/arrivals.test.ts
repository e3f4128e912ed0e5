import { describe, expect, it } from '@jest/globals';
import { compareSlices, type Slice, type Slices } from './arrivals.ts';

function slices(place: string, ...offsets: number[]): Slices {
  const slice: Slice = {
    count: offsets.length,
    distinct: new Set(offsets).size,
    offsetSum: String(offsets.reduce((sum, offset) => sum + offset, 0)),
  };
  return new Map([[place, slice]]);
}

describe('compareSlices', () => {
  it('finds nothing when every record is one row', () => {
    expect(compareSlices(slices('a 0', 0, 1, 2), slices('a 0', 0, 1, 2))).toEqual([]);
  });

  it.each([
    ['a lost record', slices('a 0', 0, 2)],
    ['a doubled record', slices('a 0', 0, 1, 2, 2)],
    ['one lost and one doubled', slices('a 0', 0, 1, 1)],
    ['another record in its place', slices('a 0', 0, 1, 3)],
    ['an empty table', new Map()],
    ['a row in the wrong partition', slices('a 1', 0, 1, 2)],
  ])('sees %s', (_what, rows) => {
    expect(compareSlices(slices('a 0', 0, 1, 2), rows)).not.toEqual([]);
  });
});
