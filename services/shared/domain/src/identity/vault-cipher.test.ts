import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createVaultCipher, parseVaultKey } from './vault-cipher.ts';

const cipher = createVaultCipher(Buffer.alloc(32, 7));
const other = createVaultCipher(Buffer.alloc(32, 8));

describe('the cipher of the vault', () => {
  it('gives back what was sealed, under its own token only', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'grapheme' }), (token, value) => {
        const sealed = cipher.seal(token, value);
        expect(cipher.open(token, sealed)).toBe(value.toWellFormed());
        expect(() => cipher.open(`${token}x`, sealed)).toThrow();
      }),
    );
  });

  it('seals the same value to the same bytes, and another token or value under another iv', () => {
    const sealed = cipher.seal('t', '+886922111834');
    expect(cipher.seal('t', '+886922111834')).toEqual(sealed);
    const ivs = [
      sealed,
      cipher.seal('u', '+886922111834'),
      cipher.seal('t', '+886922111835'),
      cipher.seal('t|', '886922111834'),
      other.seal('t', '+886922111834'),
    ].map(({ iv }) => iv.toString('hex'));
    expect(new Set(ivs).size).toBe(ivs.length);
  });

  it('refuses what another key sealed, and what was changed', () => {
    expect(() => cipher.open('t', other.seal('t', 'v'))).toThrow(/another key/);
    const { tag, ...rest } = cipher.seal('t', 'v');
    expect(() => cipher.open('t', { ...rest, tag: Buffer.alloc(tag.length) })).toThrow();
  });

  it('seals whole records, which no token opens', () => {
    const bytes = Buffer.from([0, 255, 1, 2, 3]);
    const sealed = cipher.sealBytes(bytes);
    expect(cipher.openBytes(sealed)).toEqual(bytes);
    expect(sealed.ciphertext.includes(bytes)).toBe(false);
    const { keyId, ...content } = sealed;
    expect(() => cipher.open('t', { key_id: keyId, ...content })).toThrow();
  });

  it('takes keys as hex digits or base64 of 32 bytes', () => {
    const key = Buffer.alloc(32, 9);
    expect(parseVaultKey(key.toString('hex'))).toEqual(key);
    expect(parseVaultKey(key.toString('base64'))).toEqual(key);
    expect(parseVaultKey('too short')).toBeUndefined();
  });
});
