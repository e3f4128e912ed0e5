/**
 * Ids of 16 bytes, as text: a UUID (36 characters) or base64url (22). There are stores that hold tens of millions of
 * them, so they are kept as the bytes that they stand for. That also keeps ids that begin with their time in the
 * order of time, whereas base64url does not sort as its bytes do: ordered keys fill the pages of a store.
 */
export const idBytes = 16;

const uuidLength = 36;
const base64urlLength = 22;

/** Which text the bytes stand for. */
export type IdForm = 'uuid' | 'base64url';

/** Writes the id's bytes. Null when the text is no id, or is written in another way than `unpackId` writes it. */
export function packId(text: string, target: Buffer, at: number): IdForm | null {
  if (text.length === uuidLength) return packUuid(text, target, at) ? 'uuid' : null;
  if (text.length === base64urlLength) return packBase64url(text, target, at) ? 'base64url' : null;
  return null;
}

export function unpackId(form: IdForm, bytes: Buffer, at: number): string {
  if (form === 'base64url') return bytes.toString('base64url', at, at + idBytes);
  const hex = bytes.toString('hex', at, at + idBytes);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** By character: what it stands for, -1: nothing. */
const hexValues = valuesOf('0123456789abcdef');
const base64urlValues = valuesOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');

function valuesOf(alphabet: string): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (let value = 0; value < alphabet.length; value += 1) values[alphabet.charCodeAt(value)] = value;
  return values;
}

function valueAt(values: Int8Array, text: string, index: number): number {
  return values[text.charCodeAt(index)] ?? -1;
}

function packUuid(text: string, target: Buffer, at: number): boolean {
  let index = 0;
  for (let byte = 0; byte < idBytes; byte += 1) {
    if (byte === 4 || byte === 6 || byte === 8 || byte === 10) {
      if (text.charCodeAt(index) !== dash) return false;
      index += 1;
    }
    const pair = (valueAt(hexValues, text, index) << 4) | valueAt(hexValues, text, index + 1);
    if (pair < 0) return false;
    target[at + byte] = pair;
    index += 2;
  }
  return true;
}

const dash = 0x2d;

function packBase64url(text: string, target: Buffer, at: number): boolean {
  let next = at;
  for (let index = 0; index < 20; index += 4) {
    const group =
      (valueAt(base64urlValues, text, index) << 18) |
      (valueAt(base64urlValues, text, index + 1) << 12) |
      (valueAt(base64urlValues, text, index + 2) << 6) |
      valueAt(base64urlValues, text, index + 3);
    if (group < 0) return false;
    target[next++] = group >>> 16;
    target[next++] = group >>> 8;
    target[next++] = group;
  }
  const last = (valueAt(base64urlValues, text, 20) << 6) | valueAt(base64urlValues, text, 21);
  // The last four of the 132 bits belong to no byte.
  if (last < 0 || (last & 0xf) !== 0) return false;
  target[next] = last >>> 4;
  return true;
}
