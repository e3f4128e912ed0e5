import { StreamsError } from '../errors.ts';
import { type IdForm, idBytes, packId, unpackId } from './packed-id.ts';

/**
 * Keys of window stores as bytes: the store's key, a time and a sequence, each of which can be read back.
 *
 *     length of the key · key (UTF-8) · time (6 bytes) · sequence (nothing for 0; else its length and its bytes)
 *
 * The length in front keeps one key from being the beginning of another; behind it, bytes sort as time and
 * sequence do. A key that is a UUID or its like has a mark instead of the length, and takes 16 bytes.
 */
export interface WindowKey {
  readonly key: string;
  /** Whole milliseconds since 1970, also before it. */
  readonly timeMs: number;
  /** A whole number from 0, such as an offset. */
  readonly sequence: number;
}

/** Longer keys do not fit into a page of the local store. */
const maxKeyBytes = 1900;

const timeBytes = 6;
const timeOrigin = 2 ** 47;
/** What may follow the key's own bytes. */
const maxSuffixBytes = timeBytes + 1 + 7;

/** The key in a store's changelog. @throws when the time or the sequence is out of range, or the key is too long. */
export function encodeWindowKey(key: string, timeMs: number, sequence: number): Buffer {
  requireTime(timeMs);
  const bytes = Buffer.allocUnsafe(2 + idBytes + 3 * key.length + maxSuffixBytes);
  let at = writeKeyPrefix(key, bytes, 0);
  at = bytes.writeUIntBE(timeMs + timeOrigin, at, timeBytes);
  at = writeSequence(sequence, bytes, at);
  return bytes.subarray(0, at);
}

export function decodeWindowKey(bytes: Buffer): WindowKey {
  const timeAt = keyEnd(bytes, 0);
  const sequenceAt = timeAt + timeBytes;
  if (bytes.length < sequenceAt) throw malformed(bytes);
  const key = readKey(bytes, 0, timeAt);
  const timeMs = bytes.readUIntBE(timeAt, timeBytes) - timeOrigin;
  return { key, timeMs, sequence: readSequence(bytes, sequenceAt, bytes.length) };
}

/** Stand where a length may: lengths do not grow so large. */
const idMarks: Readonly<Record<IdForm, number>> = { uuid: 0xfe, base64url: 0xff };

/** Writes a key so that none begins with another; returns the place behind it. */
export function writeKeyPrefix(key: string, target: Buffer, at: number): number {
  const form = packId(key, target, at + 1);
  if (form !== null) {
    target[at] = idMarks[form];
    return at + 1 + idBytes;
  }
  const length = Buffer.byteLength(key);
  if (length > maxKeyBytes) throw keyTooLong(length);
  let next = at;
  if (length < 0x80) {
    target[next++] = length;
  } else {
    target[next++] = 0x80 | (length >>> 8);
    target[next++] = length & 0xff;
  }
  return writeText(key, target, next);
}

/** Writes a sequence so that bytes sort as numbers do; 0 takes no byte at all. */
export function writeSequence(sequence: number, target: Buffer, at: number): number {
  if (sequence === 0) return at;
  if (!Number.isSafeInteger(sequence) || sequence < 0) {
    throw new StreamsError('ZT-STREAMS-WINDOW-KEY', `a sequence of a window store: ${sequence}`);
  }
  const high = Math.floor(sequence / 2 ** 32);
  const low = sequence >>> 0;
  const length = high === 0 ? bytesOf(low) : 4 + bytesOf(high);
  let next = at;
  target[next++] = length;
  for (let byte = length - 1; byte >= 0; byte -= 1) {
    target[next++] = byte >= 4 ? high >>> (8 * (byte - 4)) : low >>> (8 * byte);
  }
  return next;
}

/** Reads what `writeSequence` wrote, between `at` and `end`. */
export function readSequence(bytes: Buffer, at: number, end: number): number {
  if (at === end) return 0;
  const length = bytes[at] ?? 0;
  if (length === 0 || length > 7 || end !== at + 1 + length) throw malformed(bytes);
  let sequence = 0;
  for (let index = at + 1; index < end; index += 1) sequence = sequence * 256 + (bytes[index] ?? 0);
  return sequence;
}

/**
 * To be asked before a change is made: what it refuses, no local store can hold.
 *
 * @throws a bad-record error when the key is too long.
 */
export function requireKey(key: string): void {
  if (!isKeyStorable(key)) throw keyTooLong(Buffer.byteLength(key));
}

/** Whether a key is short enough to be in a local store at all. */
export function isKeyStorable(key: string): boolean {
  return key.length * 3 <= maxKeyBytes || Buffer.byteLength(key) <= maxKeyBytes;
}

/** As `requireKey`, for window stores. @throws also when the time or the sequence is out of range. */
export function requireWindowKey({ key, timeMs, sequence }: WindowKey): void {
  requireKey(key);
  requireTime(timeMs);
  requireSequence(sequence);
}

function requireTime(timeMs: number): void {
  if (Number.isInteger(timeMs) && timeMs >= -timeOrigin && timeMs < timeOrigin) return;
  throw new StreamsError('ZT-STREAMS-WINDOW-KEY', `a time of a window store: ${timeMs}`);
}

/** Short plain text is written faster by hand. */
const handWritten = 48;

/** Writes a text's UTF-8 bytes; returns the place behind them. */
export function writeText(text: string, target: Buffer, at: number): number {
  const { length } = text;
  if (length > handWritten) return at + target.write(text, at);
  for (let index = 0; index < length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return at + target.write(text, at);
    target[at + index] = unit;
  }
  return at + length;
}

function requireSequence(sequence: number): void {
  if (Number.isSafeInteger(sequence) && sequence >= 0) return;
  throw new StreamsError('ZT-STREAMS-WINDOW-KEY', `a sequence of a window store: ${sequence}`);
}

function keyTooLong(length: number): StreamsError {
  const message = `a key of a store has ${length} bytes, more than ${maxKeyBytes}`;
  return new StreamsError('ZT-STREAMS-KEY-TOO-LONG', message);
}

/** Where the key that stands at `at` ends. */
export function keyEnd(bytes: Buffer, at: number): number {
  const first = bytes[at];
  if (first === undefined) throw malformed(bytes);
  if (first >= idMarks.uuid) return at + 1 + idBytes;
  if (first < 0x80) return at + 1 + first;
  return at + 2 + (((first & 0x7f) << 8) | (bytes[at + 1] ?? 0));
}

/** Reads the key that stands between `at` and its end. */
export function readKey(bytes: Buffer, at: number, end: number): string {
  const first = bytes[at] ?? 0;
  if (first === idMarks.uuid) return unpackId('uuid', bytes, at + 1);
  if (first === idMarks.base64url) return unpackId('base64url', bytes, at + 1);
  return bytes.toString('utf8', first < 0x80 ? at + 1 : at + 2, end);
}

function bytesOf(word: number): number {
  return 4 - (Math.clz32(word) >>> 3);
}

function malformed(bytes: Buffer): StreamsError {
  const message = `not a key of a window store: ${bytes.subarray(0, 64).toString('hex')}`;
  return new StreamsError('ZT-STREAMS-WINDOW-CHANGELOG', message);
}
