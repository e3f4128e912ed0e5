import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeWindowKey, encodeWindowKey } from './window-key.ts';

const windowKey = fc.record({
  key: fc.oneof(fc.string({ unit: 'binary' }), fc.uuid(), fc.string({ minLength: 120, maxLength: 140 })),
  timeMs: fc.integer({ min: -(2 ** 47), max: 2 ** 47 - 1 }),
  sequence: fc.oneof(fc.nat(3), fc.maxSafeNat()),
});

describe('keys of window stores', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(windowKey, ({ key, timeMs, sequence }) => {
        expect(decodeWindowKey(encodeWindowKey(key, timeMs, sequence))).toEqual({ key, timeMs, sequence });
      }),
    );
  });

  it('sort by time, then by sequence, within a key', () => {
    fc.assert(
      fc.property(windowKey, windowKey, (left, right) => {
        const a = encodeWindowKey('k', left.timeMs, left.sequence);
        const b = encodeWindowKey('k', right.timeMs, right.sequence);
        const expected = left.timeMs - right.timeMs || left.sequence - right.sequence;
        expect(Math.sign(Buffer.compare(a, b))).toBe(Math.sign(expected));
      }),
    );
  });

  it('of one key never begin with another key', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        windowKey,
        (one, other, { timeMs }) => {
          fc.pre(one !== other);
          const prefix = encodeWindowKey(one, 0, 0).subarray(0, -6);
          expect(encodeWindowKey(other, timeMs, 0).subarray(0, prefix.length).equals(prefix)).toBe(false);
        },
      ),
    );
  });

  it('are refused when time, sequence or length are out of range', () => {
    expect(() => encodeWindowKey('k', 1.5, 0)).toThrow('a time of a window store: 1.5');
    expect(() => encodeWindowKey('k', 2 ** 47, 0)).toThrow('a time of a window store');
    expect(() => encodeWindowKey('k', 0, -1)).toThrow('a sequence of a window store: -1');
    expect(() => encodeWindowKey('k'.repeat(1901), 0, 0)).toThrow('1901 bytes');
    expect(() => decodeWindowKey(Buffer.from('not a key'))).toThrow('not a key of a window store');
    expect(() => decodeWindowKey(Buffer.alloc(0))).toThrow('not a key of a window store');
  });
});
