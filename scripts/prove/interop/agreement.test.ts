import { describe, expect, it } from '@jest/globals';
import { compare, type ReadRecord } from './agreement.ts';

function seen(...records: Partial<ReadRecord>[]): Map<string, ReadRecord> {
  const base = { topic: 't', partition: 0, key: 'k', record: 'r', value: { a: 1 } };
  return new Map(records.map((record, offset) => [`t-0-${offset}`, { ...base, offset, ...record }]));
}

describe('compare', () => {
  it('finds equal readings equal', () => {
    expect(compare(seen({}, {}), seen({}, {}))).toEqual({ compared: 2, unreadable: 0, differences: [] });
  });

  it('names the field that differs', () => {
    const { differences } = compare(
      seen({ value: { a: 1, b: { c: 2 } } }),
      seen({ value: { a: 1, b: { c: 3 } } }),
    );
    expect(differences).toEqual(['t-0-0: values differ at /b/c (2 <> 3)']);
  });

  it.each([
    ['a key', { key: 'other' }],
    ['a record type', { record: 'other' }],
    ['a value that only one can read', { error: 'no schema' }],
  ])('sees %s', (_what, changed) => {
    expect(compare(seen({}), seen(changed)).differences).toHaveLength(1);
  });

  it('sees a record that one reader missed, on either side', () => {
    expect(compare(seen({}, {}), seen({})).differences).toHaveLength(1);
    expect(compare(seen({}), seen({}, {})).differences).toHaveLength(1);
  });

  it('counts what neither can read', () => {
    expect(compare(seen({ error: 'x' }), seen({ error: 'y' }))).toMatchObject({
      unreadable: 1,
      differences: [],
    });
  });
});
