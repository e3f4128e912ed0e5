import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hash } from 'node:crypto';

export interface Sealed {
  readonly key_id: string;
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

/** Bytes that were encrypted whole, in the form in which a dead letter carries them. */
export interface SealedBytes {
  readonly keyId: string;
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly ciphertext: Buffer;
}

/** Encrypts the clear values of identifiers. The token is authenticated with the value: they cannot be parted. */
export interface VaultCipher {
  readonly keyId: string;
  /** The same token and value give the same bytes, so that work which is done again writes nothing new. */
  seal(token: string, clearValue: string): Sealed;
  open(token: string, sealed: Sealed): string;
  /** Encrypts what may hold clear identifiers somewhere: the original bytes of a record that cannot be used. */
  sealBytes(bytes: Buffer): SealedBytes;
  openBytes(sealed: SealedBytes): Buffer;
}

/** The 32 bytes of a vault key written as 64 hex digits or as base64; undefined when it is neither. */
export function parseVaultKey(text: string): Buffer | undefined {
  const bytes = /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  return bytes.length === 32 ? bytes : undefined;
}

const IV_BYTES = 12;
/** Stands where a token would: no token has this form. */
const BYTES_LABEL = 'bytes';

/**
 * AES-256-GCM. The iv is not drawn but derived: the first 12 bytes of an HMAC over label and content, under a key
 * of its own. GCM breaks when one iv meets two contents; here another content has another iv, and the same content
 * under the same iv is the same ciphertext, which tells no more than the token beside it does. It stays safe for far
 * more values than random ivs of 96 bits would, and a stream handler, which may draw nothing, can use it.
 */
export function createVaultCipher(keyBytes: Buffer): VaultCipher {
  const keyId = hash('sha256', keyBytes, 'hex').slice(0, 8);
  // As a KeyObject the key is prepared once, not for each value (4 us instead of 18).
  const key = createSecretKey(keyBytes);
  const ivKey = createSecretKey(createHmac('sha256', key).update('zhongtai vault iv').digest());

  function encrypt(label: string, content: Buffer): SealedBytes {
    const hmac = createHmac('sha256', ivKey).update(`${label.length}|${label}|`).update(content);
    const iv = hmac.digest().subarray(0, IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(label));
    const ciphertext = cipher.update(content);
    // GCM gives each byte at once: final() has none left, it makes the tag.
    cipher.final();
    return { keyId, iv, ciphertext, tag: cipher.getAuthTag() };
  }

  function decrypt(label: string, sealed: SealedBytes): Buffer {
    if (sealed.keyId !== keyId) throw new RangeError(`sealed with another key (${sealed.keyId})`);
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.iv).setAAD(Buffer.from(label));
    decipher.setAuthTag(sealed.tag);
    return Buffer.concat([decipher.update(sealed.ciphertext), decipher.final()]);
  }

  return {
    keyId,
    seal(token, clearValue) {
      const { iv, ciphertext, tag } = encrypt(token, Buffer.from(clearValue, 'utf8'));
      return { key_id: keyId, iv, ciphertext, tag };
    },
    open: (token, { key_id, ...sealed }) => decrypt(token, { ...sealed, keyId: key_id }).toString('utf8'),
    sealBytes: (bytes) => encrypt(BYTES_LABEL, bytes),
    openBytes: (sealed) => decrypt(BYTES_LABEL, sealed),
  };
}
