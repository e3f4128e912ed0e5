import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { idBytes, packId, unpackId } from './packed-id.ts';

const sixteen = fc.uint8Array({ minLength: idBytes, maxLength: idBytes }).map((bytes) => Buffer.from(bytes));

function packed(text: string): { form: string | null; bytes: Buffer } {
  const bytes = Buffer.alloc(idBytes);
  return { form: packId(text, bytes, 0), bytes };
}

describe('ids', () => {
  it('are packed to the bytes that they stand for, and unpacked to the same text', () => {
    fc.assert(
      fc.property(sixteen, (bytes) => {
        for (const form of ['uuid', 'base64url'] as const) {
          const text = unpackId(form, bytes, 0);
          expect(packed(text)).toEqual({ form, bytes });
        }
        expect(unpackId('base64url', bytes, 0)).toBe(bytes.toString('base64url'));
      }),
    );
    expect(unpackId('uuid', Buffer.from('0191e2d4a7b87c3d9e10ff00aa55bb66', 'hex'), 0)).toBe(
      '0191e2d4-a7b8-7c3d-9e10-ff00aa55bb66',
    );
  });

  it('are left as they are in every other form, also where it differs in one character', () => {
    const character = fc.constantFrom('A', 'g', 'G', '=', '-', '_', '+', '/', '0', '中', '\u0000');
    fc.assert(
      fc.property(
        sixteen,
        fc.constantFrom('uuid' as const, 'base64url' as const),
        fc.nat(35),
        character,
        (...given) => {
          const [bytes, form, at, other] = given;
          const text = unpackId(form, bytes, 0);
          const changed = `${text.slice(0, at)}${other}${text.slice(at + 1)}`;
          const again = packed(changed);
          if (again.form !== null)
            expect(unpackId(again.form === 'uuid' ? 'uuid' : 'base64url', again.bytes, 0)).toBe(changed);
        },
      ),
      { numRuns: 2000 },
    );
    for (const text of ['', 'customer-1', '0191E2D4-A7B8-7C3D-9E10-FF00AA55BB66', 'AAAAAAAAAAAAAAAAAAAAAB']) {
      expect(packed(text).form).toBeNull();
    }
  });
});
