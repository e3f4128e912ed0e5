import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { snappyCompress } from 'hysnappy';
import { decompress, maxInflatedBytes } from './decompress.ts';

const text = Buffer.from(
  Array.from({ length: 3_000 }, (_, n) => `line ${n % 50} of a text that repeats itself\n`).join(''),
);
const beyond = Buffer.alloc(maxInflatedBytes + 1);

/** The text by the lz4 command: blocks of 64 KiB that refer to each other, and ones that do not, with checksums. */
const lz4Linked = Buffer.from(
  'BCJNGERAXhwCAADxFmxpbmUgMCBvZiBhIHRleHQgdGhhdCByZXBlYXRzIGl0c2VsZgolAB8xJQARHzIlABEfMyUAER80JQARHzUlABEfNiUAER83JQARHzglABEfOU0BEg9zARMPdAESHzF1ARIfMXYBEh8xdwESHzF4ARIfMXkBEh8xegESHzF7ARIfMXwBEh8yfAESHzLwAhMPfAESHzJ8ARIfMnwBEh8yfAESHzJ8ARIfMnwBEh8yfAESHzJ8ARIfM3wBEh8zfAESHzNtBBMPfAESHzN8ARIfM3wBEh8zfAESHzN8ARIfM3wBEh8zfAESHzR8ARIfNHwBEh80fAESHzTqBRMPfAESHzR8ARIfNHwBEh80fAESHzR8ARIfNHwBDQ9iB////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////39QYXRzIGnFAAAAD2IH/////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////5tQc2VsZgoAAAAAw6WFvw==',
  'base64',
);
const lz4Independent = Buffer.from(
  'BCJNGHxA+LoBAAAAAAC3HAIAAPEWbGluZSAwIG9mIGEgdGV4dCB0aGF0IHJlcGVhdHMgaXRzZWxmCiUAHzElABEfMiUAER8zJQARHzQlABEfNSUAER82JQARHzclABEfOCUAER85TQESD3MBEw90ARIfMXUBEh8xdgESHzF3ARIfMXgBEh8xeQESHzF6ARIfMXsBEh8xfAESHzJ8ARIfMvACEw98ARIfMnwBEh8yfAESHzJ8ARIfMnwBEh8yfAESHzJ8ARIfMnwBEh8zfAESHzN8ARIfM20EEw98ARIfM3wBEh8zfAESHzN8ARIfM3wBEh8zfAESHzN8ARIfNHwBEh80fAESHzR8ARIfNOoFEw98ARIfNHwBEh80fAESHzR8ARIfNHwBEh80fAEND2IH////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////f1BhdHMgaTao7tvQAQAA+Bd0c2VsZgpsaW5lIDM0IG9mIGEgdGV4dCB0aGF0IHJlcGVhdHMgaSYAHzUmABIfNiYAEh83JgASHzgmABIfOSYAES80MCYAEh8xJgASHzImABIfMyYAEg98ARIfNHwBEh80fAESHzR8ARIfNHwBEh80fAESD3sBEg96ARIPeQESD3gBEw8lABEPdgESD3UBEg90ARIPcwESD3IBEh8xcwETD3QBEh8xdQESHzF2ARIfMXcBEh8xeAESHzF5ARIfMXoBEh8xewESHzF8ARIfMnwBEh8y8AITD3wBEh8yfAESHzJ8ARIfMnwBEh8yfAESHzJ8ARIfMnwBEh8yfAESHzN8ARIfM3wBEh8zbQQTD3wBBw9iB////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////zJQc2VsZgrEeN+rAAAAAMOlhb8=',
  'base64',
);

function xerial(blocks: readonly Buffer[]): Buffer {
  const framed = blocks.flatMap((block) => {
    const packed = Buffer.from(snappyCompress(block));
    const size = Buffer.alloc(4);
    size.writeUInt32BE(packed.length);
    return [size, packed];
  });
  return Buffer.concat([Buffer.from('\x82SNAPPY\0\0\0\0\x01\0\0\0\x01', 'latin1'), ...framed]);
}

/** A frame of one stored block, then blocks that repeat one byte as long as it takes. */
function lz4Bomb(): Buffer {
  const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40, 0x70, 0]);
  const block = Buffer.concat([Buffer.from([0x1f, 65, 1, 0]), Buffer.alloc(400_000, 255), Buffer.from([0])]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length);
  return Buffer.concat([head, size, block, Buffer.alloc(4)]);
}

describe('decompress', () => {
  it.each([
    ['no codec', 0, text],
    ['gzip', 1, gzipSync(text)],
    ['snappy as one block', 2, Buffer.from(snappyCompress(text))],
    ['snappy as Java frames it', 2, xerial([text.subarray(0, 70_000), text.subarray(70_000)])],
    ['lz4 of linked blocks', 3, lz4Linked],
    ['lz4 of independent blocks', 3, lz4Independent],
    ['lz4 of two frames', 3, Buffer.concat([lz4Linked, lz4Linked])],
    ['zstd', 4, zstdCompressSync(text)],
  ])('reads %s', (name, codec, body) => {
    const whole = name.includes('two frames') ? Buffer.concat([text, text]) : text;
    expect(decompress(body, codec).equals(whole)).toBe(true);
  });

  it.each([
    ['gzip', 1, gzipSync(beyond)],
    ['snappy', 2, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0])],
    ['snappy in many blocks', 2, xerial(Array.from({ length: 65 }, () => Buffer.alloc(1024 * 1024)))],
    ['lz4', 3, lz4Bomb()],
    ['zstd', 4, zstdCompressSync(beyond)],
  ])('stops a bomb of %s at the limit', (_name, codec, body) => {
    expect(body.length).toBeLessThan(4_000_000);
    expect(() => decompress(body, codec)).toThrow(`inflates beyond ${maxInflatedBytes} bytes`);
  });

  it.each([1, 2, 3, 4])('says so of rubbish under codec %d, whatever it is', (codec) => {
    for (let length = 0; length < 200; length++) {
      const rubbish = Buffer.from(Array.from({ length }, (_, i) => (i * 131 + length * 17) & 0xff));
      let problem = 'none';
      try {
        decompress(rubbish, codec);
      } catch (error) {
        problem = String(error);
      }
      expect(problem).toMatch(length === 0 && codec > 2 ? /none|cannot/ : /cannot be decompressed|inflates/);
    }
  });

  it.each([
    ['snappy', 2, xerial([text])],
    ['lz4', 3, lz4Linked],
    ['lz4', 3, lz4Independent],
  ])('refuses %s that is cut off', (_name, codec, body) => {
    for (const length of [5, 18, body.length >> 1, body.length - 30]) {
      expect(() => decompress(body.subarray(0, length), codec)).toThrow('cannot be decompressed');
    }
  });

  it('names a codec that Kafka does not have', () => {
    expect(() => decompress(text, 6)).toThrow('is compressed by unknown codec 6');
  });
});
