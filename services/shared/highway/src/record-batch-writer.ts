import { promisify } from 'node:util';
import { constants, zstdCompress, zstdCompressSync } from 'node:zlib';
import { crc32c } from './crc32c.ts';

const compress = promisify(zstdCompress);
const zstdAttribute = 4;
const transactionalAttribute = 0x10;
const headerBytes = 61;
/** Below this, compression gains nothing. */
const compressFromBytes = 512;
/**
 * Up to this, compressing at once (about 30 us for 64 records) costs a fifth of the CPU of a trip to the thread
 * pool and back; above it, the second core is worth the trip.
 */
const compressAtOnceBytes = 64 * 1024;
/** Level 1: within a few per cent of level 3's size on event records, at half the time. */
const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** A record whose key and header bytes are ready to be copied. */
export interface BatchRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: Buffer, value: Buffer])[];
  /** Instead of `headers`: as a record held them that was read. */
  readonly headerBytes?: Buffer;
  readonly timestampMs: number;
}

export interface BatchIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  /** The batch belongs to a transaction of its producer. */
  readonly transactional?: boolean;
}

/** Writes records in Kafka's format v2: varints, deltas against the batch's first timestamp. */
class RecordsWriter {
  #buffer: Buffer;
  #at = 0;

  constructor(sizeHint: number) {
    this.#buffer = Buffer.allocUnsafe(sizeHint);
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }

  record(record: BatchRecord, offsetDelta: number, timestampDelta: number): void {
    const size =
      1 +
      sizeOfVarint(timestampDelta) +
      sizeOfVarint(offsetDelta) +
      sizeOfBytes(record.key) +
      sizeOfBytes(record.value) +
      sizeOfHeaders(record);
    this.#reserve(size + 5);
    this.#varint(size);
    this.#buffer[this.#at++] = 0;
    this.#varint(timestampDelta);
    this.#varint(offsetDelta);
    this.#bytesOrNull(record.key);
    this.#bytesOrNull(record.value);
    this.#headers(record);
  }

  #headers({ headers, headerBytes }: BatchRecord): void {
    if (headerBytes !== undefined) {
      this.#buffer.set(headerBytes, this.#at);
      this.#at += headerBytes.length;
      return;
    }
    this.#varint(headers.length);
    for (const [name, value] of headers) {
      this.#bytesOrNull(name);
      this.#bytesOrNull(value);
    }
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + size));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }

  #bytesOrNull(bytes: Buffer | null): void {
    if (bytes === null) {
      this.#varint(-1);
      return;
    }
    this.#varint(bytes.length);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #varint(value: number): void {
    // Zigzag by arithmetic: timestamp deltas may pass 31 bits, where the shift operators would cut them.
    let rest = value < 0 ? -value * 2 - 1 : value * 2;
    while (rest > 0x7f) {
      this.#buffer[this.#at++] = (rest % 128) | 0x80;
      rest = rest < 0x8000_0000 ? rest >>> 7 : Math.floor(rest / 128);
    }
    this.#buffer[this.#at++] = rest;
  }
}

export function sizeOfVarint(value: number): number {
  let rest = value < 0 ? -value * 2 - 1 : value * 2;
  let size = 1;
  while (rest > 0x7f) {
    rest = rest < 0x8000_0000 ? rest >>> 7 : Math.floor(rest / 128);
    size++;
  }
  return size;
}

function sizeOfBytes(bytes: Buffer | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length;
}

function sizeOfHeaders({ headers, headerBytes }: BatchRecord): number {
  if (headerBytes !== undefined) return headerBytes.length;
  let size = sizeOfVarint(headers.length);
  for (const [name, value] of headers) size += sizeOfBytes(name) + sizeOfBytes(value);
  return size;
}

/** The records of one partition as one record batch, compressed by zstd when that pays. */
export async function writeRecordBatch(
  records: readonly BatchRecord[],
  identity: BatchIdentity,
  sizeHint: number,
): Promise<Buffer> {
  const first = records[0]?.timestampMs ?? 0;
  const writer = new RecordsWriter(sizeHint);
  let max = first;
  for (let i = 0; i < records.length; i++) {
    const record = records[i];
    if (record === undefined) continue;
    if (record.timestampMs > max) max = record.timestampMs;
    writer.record(record, i, record.timestampMs - first);
  }
  const plain = writer.bytes;
  const packed = plain.length >= compressFromBytes;
  const body = packed ? await compressed(plain) : plain;
  const attributes = (packed ? zstdAttribute : 0) | (identity.transactional ? transactionalAttribute : 0);
  return frame(body, attributes, records.length, first, max, identity);
}

function compressed(plain: Buffer): Buffer | Promise<Buffer> {
  // Room for all that comes out at once: by default it comes in pieces of 16 KiB.
  const options = { ...zstdOptions, chunkSize: Math.max(1024, plain.length >> 1) };
  return plain.length <= compressAtOnceBytes ? zstdCompressSync(plain, options) : compress(plain, options);
}

function frame(
  body: Buffer,
  attributes: number,
  count: number,
  firstMs: number,
  maxMs: number,
  identity: BatchIdentity,
): Buffer {
  const out = Buffer.allocUnsafe(headerBytes + body.length);
  out.writeBigInt64BE(0n, 0);
  out.writeInt32BE(out.length - 12, 8);
  out.writeInt32BE(-1, 12);
  out.writeInt8(2, 16);
  out.writeInt16BE(attributes, 21);
  out.writeInt32BE(count - 1, 23);
  out.writeBigInt64BE(BigInt(firstMs), 27);
  out.writeBigInt64BE(BigInt(maxMs), 35);
  out.writeBigInt64BE(identity.producerId, 43);
  out.writeInt16BE(identity.producerEpoch, 51);
  out.writeInt32BE(identity.firstSequence, 53);
  out.writeInt32BE(count, 57);
  body.copy(out, headerBytes);
  out.writeUInt32BE(crc32c(out, 21, out.length), 17);
  return out;
}
