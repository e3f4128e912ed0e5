import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { snappyUncompressor } from 'hysnappy';
import { inflateLz4 } from './lz4-frame.ts';

/**
 * What one record batch may hold inflated. The broker limits the compressed size only, and a few kilobytes can
 * be made to inflate to gigabytes; eight times the largest batch our broker takes is far above any honest one.
 */
export const maxInflatedBytes = 64 * 1024 * 1024;

const zlibLimit = { maxOutputLength: maxInflatedBytes };
/** Java's snappy stream: this, two version numbers, then blocks with their length before them. */
const xerialMagic = Buffer.from('\x82SNAPPY\0', 'latin1');
const xerialHeaderBytes = 16;
const inflateSnappyBlock = snappyUncompressor();
const bombCode = 'ERR_BUFFER_TOO_LARGE';

/** By the codec number in a batch's attributes. */
const inflaters: readonly ((body: Buffer) => Buffer)[] = [
  (body) => body,
  (body) => gunzipSync(body, zlibLimit),
  inflateSnappy,
  (body) => inflateLz4(body, maxInflatedBytes),
  (body) => zstdDecompressSync(body, { ...zlibLimit, chunkSize: inflatedGuess(body) }),
];

/** Output grows in steps of this size, each copied at the end: one step for most batches costs half the time. */
function inflatedGuess(body: Buffer): number {
  return Math.min(1024 * 1024, Math.max(4096, body.length * 8));
}

/** The records of a batch, inflated; throws with a reason for people when that cannot be done. */
export function decompress(body: Buffer, codec: number): Buffer {
  const inflate = inflaters[codec];
  if (inflate === undefined) throw new Error(`is compressed by unknown codec ${codec}`);
  try {
    return inflate(body);
  } catch (cause) {
    const tooLarge =
      typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === bombCode;
    const reason = tooLarge ? `inflates beyond ${maxInflatedBytes} bytes` : 'cannot be decompressed';
    throw new Error(`${reason} (codec ${codec})`, { cause });
  }
}

class TooLarge extends Error {
  readonly code = bombCode;
}

function inflateSnappy(body: Buffer): Buffer {
  const blocks = body.subarray(0, xerialMagic.length).equals(xerialMagic) ? xerialBlocks(body) : [body];
  const sizes = blocks.map(inflatedSize);
  if (sizes.reduce((sum, size) => sum + size, 0) > maxInflatedBytes) throw new TooLarge('snappy');
  return Buffer.concat(blocks.map((block, i) => inflateSnappyBlock(block, sizes[i] ?? 0)));
}

function xerialBlocks(body: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = xerialHeaderBytes; at < body.length; ) {
    const end = at + 4 + body.readUInt32BE(at);
    if (end > body.length) throw new Error('a snappy block is cut off');
    blocks.push(body.subarray(at + 4, end));
    at = end;
  }
  return blocks;
}

/** A snappy block begins with its inflated size as a varint. */
function inflatedSize(block: Buffer): number {
  let size = 0;
  let factor = 1;
  for (const byte of block.subarray(0, 5)) {
    size += (byte & 0x7f) * factor;
    if (byte < 0x80) return size;
    factor *= 128;
  }
  throw new Error('a snappy block without its size');
}
