import { createCipheriv, createDecipheriv, createSecretKey, hash, randomBytes } from 'node:crypto';

export interface Sealed {
  readonly key_id: string;
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

/** Encrypts the clear values of identifiers. The token is authenticated with the value: they cannot be parted. */
export interface VaultCipher {
  readonly keyId: string;
  seal(token: string, clearValue: string): Sealed;
  open(token: string, sealed: Sealed): string;
}

/** The 32 bytes of a vault key written as 64 hex digits or as base64; undefined when it is neither. */
export function parseVaultKey(text: string): Buffer | undefined {
  const bytes = /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  return bytes.length === 32 ? bytes : undefined;
}

const IV_BYTES = 12;
const IVS_AT_ONCE = 256;

/** Fresh random ivs, drawn many at a time: each draw costs more than the encryption of a phone number. */
function createIvs(): () => Buffer {
  let pool = Buffer.alloc(0);
  let used = 0;
  return () => {
    if (used >= pool.length) {
      pool = randomBytes(IV_BYTES * IVS_AT_ONCE);
      used = 0;
    }
    used += IV_BYTES;
    return pool.subarray(used - IV_BYTES, used);
  };
}

/** AES-256-GCM with a fresh random iv each time. The key's id follows from the key and reveals nothing of it. */
export function createVaultCipher(keyBytes: Buffer): VaultCipher {
  const keyId = hash('sha256', keyBytes, 'hex').slice(0, 8);
  // As a KeyObject the key is prepared once, not for each value (4 us instead of 18).
  const key = createSecretKey(keyBytes);
  const nextIv = createIvs();
  return {
    keyId,
    seal(token, clearValue) {
      const iv = nextIv();
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(token));
      const ciphertext = cipher.update(clearValue, 'utf8');
      // GCM gives each byte at once: final() has none left, it makes the tag.
      cipher.final();
      return { key_id: keyId, iv, ciphertext, tag: cipher.getAuthTag() };
    },
    open(token, sealed) {
      if (sealed.key_id !== keyId) {
        throw new RangeError(`sealed with another key (${sealed.key_id})`);
      }
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.iv).setAAD(Buffer.from(token));
      decipher.setAuthTag(sealed.tag);
      return Buffer.concat([decipher.update(sealed.ciphertext), decipher.final()]).toString('utf8');
    },
  };
}
