import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareKeys } from './key-order.ts';

it('the order of keys is the order of their UTF-8 bytes', () => {
  const key = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('a', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{10ffff}', '中') }),
  );
  fc.assert(
    fc.property(key, key, (left, right) => {
      const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right));
      expect(Math.sign(compareKeys(left, right))).toBe(bytes);
    }),
    { numRuns: 1000 },
  );
});
