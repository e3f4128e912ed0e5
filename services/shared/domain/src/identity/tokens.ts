import { createHmac, createSecretKey } from 'node:crypto';
import type { IdType } from '@zhongtai/schemas';

export interface Tokens {
  /** 22 characters: base64url of the first 16 bytes of HMAC-SHA256(secret, type|scope|value). */
  token(idType: IdType, scope: string, value: string): string;
}

/** A shorter secret could be found by trying all phone numbers against one known token. */
const shortestSecretBytes = 32;

/**
 * Makes tokens of normalised identifiers. Whoever holds the secret and knows an identifier gets the same
 * token in any process, language and year; nobody else gets back from a token to the identifier.
 */
export function createTokens(secret: string | Uint8Array): Tokens {
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret;
  if (bytes.byteLength < shortestSecretBytes) {
    throw new RangeError(`the token secret needs at least ${shortestSecretBytes} bytes`);
  }
  const key = createSecretKey(bytes);
  return {
    token(idType, scope, value) {
      const digest = createHmac('sha256', key)
        .update(message(idType, scope, value))
        .digest('base64url');
      return cutTo16Bytes(digest);
    },
  };
}

/**
 * type|scope|value. The type is one of a closed list and the value comes last, so only a bar within the
 * scope could make two identifiers look alike; it is written \| (and \ is written \\).
 */
function message(idType: IdType, scope: string, value: string): string {
  return `${idType}|${scope === '' ? '' : scope.replace(/[\\|]/g, '\\$&')}|${value}`;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The 22nd character carries two bits of the 16th byte; the four bits after them are cut off. */
function cutTo16Bytes(digest: string): string {
  const last = alphabet.indexOf(digest.charAt(21)) & 0b110000;
  return digest.slice(0, 21) + alphabet.charAt(last);
}

/** True for text that has the form of a token. */
export function isToken(text: string): boolean {
  return /^[A-Za-z0-9_-]{21}[AQgw]$/.test(text);
}

/** The Uni-ID that a person has when this identifier is all that is known: UUIDv8 over the token's bytes. */
export function birthId(token: string): string {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== 16) throw new RangeError('not a token');
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  const at = (from: number, to?: number) => hex.slice(from, to);
  return `${at(0, 8)}-${at(8, 12)}-${at(12, 16)}-${at(16, 20)}-${at(20)}`;
}
