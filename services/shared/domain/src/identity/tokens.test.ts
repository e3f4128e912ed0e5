import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { birthId, createTokens, idTypes, isIdType, isToken } from '../index.ts';

const secret = 'a-secret-of-at-least-32-bytes-....';
const { token } = createTokens(secret);
const anyType = fc.constantFrom(...Object.keys(idTypes).filter(isIdType));

describe('token', () => {
  it('is what any other program computes from the published rule', () => {
    const digest = createHmac('sha256', secret).update('phone||+886922111834').digest();
    expect(token('phone', '', '+886922111834')).toBe(digest.subarray(0, 16).toString('base64url'));
  });
  it('differs by type, scope, value and secret', () => {
    const other = createTokens('another-secret-of-at-least-32-bytes').token('cust_id', 'a', '7');
    const all = [
      token('cust_id', 'a', '7'),
      token('cust_id', 'b', '7'),
      token('open_id', 'a', '7'),
      token('cust_id', 'a', '8'),
      other,
    ];
    expect(new Set(all).size).toBe(all.length);
  });
  it('does not confuse a bar in the scope with the one that separates', () => {
    expect(token('cust_id', 'a|b', 'c')).not.toBe(token('cust_id', 'a', 'b|c'));
    expect(token('cust_id', 'a\\', 'b|c')).not.toBe(token('cust_id', 'a|b', 'c'));
  });
  it('refuses a secret that can be guessed', () => {
    expect(() => createTokens('short')).toThrow(RangeError);
  });
  it('has 22 characters that decode to 16 bytes, the same as the plain way to compute it', () => {
    fc.assert(
      fc.property(anyType, fc.string(), fc.string(), (type, scope, value) => {
        const escaped = scope.replaceAll('\\', '\\\\').replaceAll('|', '\\|');
        const digest = createHmac('sha256', secret).update(`${type}|${escaped}|${value}`).digest();
        const made = token(type, scope, value);
        expect(made).toBe(digest.subarray(0, 16).toString('base64url'));
        expect(made).toHaveLength(22);
        expect(isToken(made)).toBe(true);
      }),
    );
  });
  it('never maps two identifiers to one token', () => {
    const identifier = fc.tuple(
      anyType,
      fc.stringMatching(/^[a|\\]{0,4}$/),
      fc.stringMatching(/^[a|\\]{0,4}$/),
    );
    fc.assert(
      fc.property(identifier, identifier, (a, b) => {
        expect(token(...a) === token(...b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('birth id', () => {
  it('is a UUID of version 8 over the bytes of the token', () => {
    const made = token('phone', '', '+886922111834');
    expect(birthId(made)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(birthId(made)).toBe(birthId(made));
    expect(birthId(made).slice(0, 8)).toBe(Buffer.from(made, 'base64url').toString('hex').slice(0, 8));
  });
  it('refuses what is no token', () => {
    expect(() => birthId('abc')).toThrow(RangeError);
  });
});
