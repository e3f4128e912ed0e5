import { messageOf } from '@zhongtai/runtime';
import { crc32c } from './crc32c.ts';
import { decompress } from './decompress.ts';
import { HighwayError } from './errors.ts';
import type { RawRecord } from './subscription-types.ts';

const headerBytes = 61;
const lengthBytes = 12;
const compressionMask = 0x07;
const logAppendTime = 0x08;
const transactional = 0x10;
const control = 0x20;
const noHeaders: Readonly<Record<string, Buffer>> = Object.freeze({});

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

export interface ReadRecords {
  readonly records: RawRecord[];
  /** Behind the last whole batch, whatever it held; the start when there was none. */
  readonly nextOffset: number;
  readonly bytes: number;
}

/** A record over the bytes of its batch; headers are looked at only when somebody asks. */
class LogRecord implements RawRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly #body: Buffer;
  readonly #headersFrom: number;
  readonly #end: number;
  #headers: Readonly<Record<string, Buffer>> | null = null;

  constructor(
    offset: number,
    timestampMs: number,
    key: Buffer | null,
    value: Buffer | null,
    body: Buffer,
    headersFrom: number,
    end: number,
  ) {
    this.offset = offset;
    this.timestampMs = timestampMs;
    this.key = key;
    this.value = value;
    this.#body = body;
    this.#headersFrom = headersFrom;
    this.#end = end;
  }

  get headerBytes(): Buffer {
    return this.#body.subarray(this.#headersFrom, this.#end);
  }

  get headers(): Readonly<Record<string, Buffer>> {
    this.#headers ??= parseHeaders(this.headerBytes);
    return this.#headers;
  }
}

/**
 * Reads the record batches of one partition out of a fetch answer. Records before `from` (a batch is always sent
 * whole), control markers and records of aborted transactions are left out; the next offset is behind them all.
 * What lies before a batch that cannot be read is still answered; only when that batch is the first, it throws.
 *
 * @throws HighwayError ZT-HIGHWAY-CORRUPT (the bytes are not those that were written) or ZT-HIGHWAY-UNREADABLE (they
 * are, and cannot be used), with the position behind the batch as `details.nextOffset` where it is known.
 */
export function readRecordSet(
  set: Buffer,
  from: number,
  aborted: readonly AbortedTransaction[],
): ReadRecords {
  const read = { records: [] as RawRecord[], nextOffset: from, bytes: 0 };
  const filter = createAbortFilter(aborted);
  for (let at = 0; at < set.length; ) {
    const end = endOfBatch(set, at);
    // The broker cuts the last batch off at the byte limit, never the first; it comes whole with the next fetch.
    if (at > 0 && end > set.length) break;
    try {
      readBatch(checked(set, at, end), from, filter, read);
    } catch (error) {
      if (read.nextOffset > from) break;
      throw error;
    }
    at = end;
  }
  return read;
}

function endOfBatch(set: Buffer, at: number): number {
  return at + headerBytes > set.length
    ? Number.POSITIVE_INFINITY
    : at + lengthBytes + set.readInt32BE(at + 8);
}

function checked(set: Buffer, at: number, end: number): Buffer {
  if (end > set.length || end - at < headerBytes) throw corrupt('a record batch without its whole length');
  const batch = set.subarray(at, end);
  if (batch[16] !== 2) throw corrupt(`a record batch of format ${batch[16]}, expected 2`);
  if (crc32c(batch, 21, batch.length) !== batch.readUInt32BE(17)) {
    throw corrupt('a record batch with a wrong checksum');
  }
  return batch;
}

function corrupt(what: string): HighwayError {
  return new HighwayError('ZT-HIGHWAY-CORRUPT', what);
}

type AbortFilter = ReturnType<typeof createAbortFilter>;

interface Reading {
  records: RawRecord[];
  nextOffset: number;
  bytes: number;
}

function readBatch(batch: Buffer, from: number, filter: AbortFilter, into: Reading): void {
  const baseOffset = readOffset(batch, 0);
  const attributes = batch.readInt16BE(21);
  const nextOffset = Math.max(into.nextOffset, baseOffset + batch.readInt32BE(23) + 1);
  if (filter(batch, attributes, baseOffset)) {
    const before = into.records.length;
    try {
      into.bytes += readRecords(batch, attributes, baseOffset, from, into.records);
    } catch (cause) {
      into.records.length = before;
      throw new HighwayError('ZT-HIGHWAY-UNREADABLE', `a record batch ${messageOf(cause)}`, {
        details: { nextOffset },
      });
    }
  }
  into.nextOffset = nextOffset;
}

/** Kafka's rule: from an aborted transaction's first offset until its abort marker, its producer's batches are void. */
function createAbortFilter(aborted: readonly AbortedTransaction[]) {
  const waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<bigint>();
  return (batch: Buffer, attributes: number, baseOffset: number): boolean => {
    const lastOffset = baseOffset + batch.readInt32BE(23);
    for (let next = waiting[0]; next !== undefined && next.firstOffset <= lastOffset; next = waiting[0]) {
      open.add(next.producerId);
      waiting.shift();
    }
    const producerId = batch.readBigInt64BE(43);
    if ((attributes & control) !== 0) {
      open.delete(producerId);
      return false;
    }
    return (attributes & transactional) === 0 || !open.has(producerId);
  };
}

function readRecords(
  batch: Buffer,
  attributes: number,
  baseOffset: number,
  from: number,
  into: RawRecord[],
): number {
  const count = batch.readInt32BE(57);
  const first = readOffset(batch, 27);
  const appended = (attributes & logAppendTime) !== 0 ? readOffset(batch, 35) : null;
  const body = decompress(batch.subarray(headerBytes), attributes & compressionMask);
  const cursor = new Cursor(body);
  for (let i = 0; i < count; i++) {
    const end = cursor.varint() + cursor.at;
    cursor.at++;
    const timestampMs = appended ?? first + cursor.varlong();
    if (appended !== null) cursor.varlong();
    const offset = baseOffset + cursor.varint();
    const key = cursor.bytes();
    const value = cursor.bytes();
    if (cursor.at > end || end > body.length) throw new Error(`ends within record ${i} of ${count}`);
    if (offset >= from) into.push(new LogRecord(offset, timestampMs, key, value, body, cursor.at, end));
    cursor.at = end;
  }
  return body.length;
}

class Cursor {
  at = 0;
  readonly #buffer: Buffer;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  varint(): number {
    let value = 0;
    let shift = 0;
    let byte = 0x80;
    while (byte & 0x80) {
      byte = this.#buffer[this.at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      shift += 7;
    }
    return (value >>> 1) ^ -(value & 1);
  }

  /** By multiplication: timestamp deltas may pass 31 bits. */
  varlong(): number {
    let value = 0;
    let factor = 1;
    let byte = 0x80;
    while (byte & 0x80) {
      byte = this.#buffer[this.at++] ?? 0;
      value += (byte & 0x7f) * factor;
      factor *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  bytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.at;
    this.at += length;
    return this.#buffer.subarray(start, this.at);
  }
}

function parseHeaders(bytes: Buffer): Readonly<Record<string, Buffer>> {
  const cursor = new Cursor(bytes);
  const count = cursor.varint();
  if (count === 0) return noHeaders;
  const headers: Record<string, Buffer> = {};
  for (let i = 0; i < count; i++) {
    const name = cursor.bytes()?.toString() ?? '';
    headers[name] = cursor.bytes() ?? Buffer.alloc(0);
  }
  return headers;
}

/** An int64 as a number: offsets and times stay far below 2^53. */
export function readOffset(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * 0x1_0000_0000 + buffer.readUInt32BE(at + 4);
}
