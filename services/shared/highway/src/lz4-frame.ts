const frameMagic = 0x184d2204;
const skippableMagic = 0x184d2a50;
const stored = 0x8000_0000;
const blockChecksum = 0x10;
const contentSize = 0x08;
const contentChecksum = 0x04;
const dictionary = 0x01;
const minMatch = 4;
/** Below this, copying byte by byte is faster than a call. */
const shortCopy = 32;

/** The bytes do not follow the LZ4 frame format, or hold more than the caller allows. */
class Lz4Error extends Error {
  readonly code: 'ERR_LZ4' | 'ERR_BUFFER_TOO_LARGE';

  constructor(message: string, code: Lz4Error['code'] = 'ERR_LZ4') {
    super(message);
    this.code = code;
  }
}

/** The inflated bytes: they grow to the limit and not beyond, whatever the frame promises. */
class Output {
  bytes: Buffer;
  length = 0;
  readonly #limit: number;

  constructor(sizeHint: number, limit: number) {
    this.#limit = limit;
    this.bytes = Buffer.allocUnsafe(Math.min(sizeHint, limit));
  }

  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    if (needed > this.#limit) throw new Lz4Error(`inflates beyond ${this.#limit}`, 'ERR_BUFFER_TOO_LARGE');
    const larger = Buffer.allocUnsafe(Math.min(this.#limit, Math.max(this.bytes.length * 2, needed)));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  append(from: Buffer, start: number, end: number): void {
    if (end > from.length) throw new Lz4Error('literals are cut off');
    this.reserve(end - start);
    const { bytes, length } = this;
    if (end - start > shortCopy) from.copy(bytes, length, start, end);
    else for (let at = start, to = length; at < end; at++, to++) bytes[to] = from[at] ?? 0;
    this.length = length + end - start;
  }

  /** Repeats what was written `distance` bytes ago; the copy may read what it has just written. */
  repeat(distance: number, count: number): void {
    const from = this.length - distance;
    if (distance === 0 || from < 0) throw new Lz4Error('a match lies before the start');
    this.reserve(count);
    if (count > shortCopy && distance >= count) {
      this.bytes.copyWithin(this.length, from, from + count);
    } else {
      const { bytes, length } = this;
      for (let i = 0; i < count; i++) bytes[length + i] = bytes[from + i] ?? 0;
    }
    this.length += count;
  }
}

/**
 * Inflates LZ4 frames, one behind another, with linked or independent blocks (Java writes independent ones,
 * librdkafka linked ones). Own code because the packages for it have no limit on what they inflate. Checksums
 * inside the frame are passed over: the record batch around it has its own.
 *
 * @throws an error with code ERR_BUFFER_TOO_LARGE when the content is larger than `limit` bytes.
 */
export function inflateLz4(input: Buffer, limit: number): Buffer {
  const output = new Output(input.length * 4, limit);
  for (let at = 0; at < input.length; ) at = readFrame(input, at, output);
  return output.bytes.subarray(0, output.length);
}

function uint32(input: Buffer, at: number): number {
  if (at + 4 > input.length) throw new Lz4Error('the frame is cut off');
  return input.readUInt32LE(at);
}

function readFrame(input: Buffer, start: number, output: Output): number {
  const magic = uint32(input, start);
  if ((magic & 0xfffffff0) >>> 0 === skippableMagic) return start + 8 + uint32(input, start + 4);
  if (magic !== frameMagic) throw new Lz4Error('not an lz4 frame');
  const flags = input[start + 4] ?? 0;
  if (flags >> 6 !== 1) throw new Lz4Error(`lz4 frame of version ${flags >> 6}, expected 1`);
  if ((flags & dictionary) !== 0) throw new Lz4Error('the frame needs a dictionary');
  const checksumBytes = (flags & blockChecksum) === 0 ? 0 : 4;
  let at = start + 7 + ((flags & contentSize) === 0 ? 0 : 8);
  for (let size = uint32(input, at); size !== 0; size = uint32(input, at)) {
    const end = at + 4 + (size & ~stored);
    readBlock(input, at + 4, end, size >= stored, output);
    at = end + checksumBytes;
  }
  return at + 4 + ((flags & contentChecksum) === 0 ? 0 : 4);
}

function readBlock(input: Buffer, start: number, end: number, isStored: boolean, output: Output): void {
  if (end > input.length) throw new Lz4Error('a block is cut off');
  if (isStored) output.append(input, start, end);
  else inflateBlock(input.subarray(start, end), output);
}

function inflateBlock(block: Buffer, output: Output): void {
  let at = 0;
  const extended = (length: number): number => {
    if (length !== 15) return length;
    let whole = length;
    for (let byte = 255; byte === 255; whole += byte) byte = block[at++] ?? 0;
    return whole;
  };
  while (at < block.length) {
    const token = block[at++] ?? 0;
    const literals = extended(token >> 4);
    output.append(block, at, at + literals);
    at += literals;
    // The last sequence of a block is literals only.
    if (at === block.length) return;
    const distance = (block[at] ?? 0) | ((block[at + 1] ?? 0) << 8);
    at += 2;
    output.repeat(distance, minMatch + extended(token & 0x0f));
  }
}
