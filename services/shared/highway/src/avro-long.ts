import avsc, { type Type } from 'avsc';

const mostBytes = 10;
const plainLimit = 2 ** 52;

/** The inner methods of avsc's long, by shape: how a value is read from and written to a buffer. */
interface InnerLong {
  _read(tap: unknown): number;
  _write(tap: unknown, value: number): void;
}

/**
 * avsc's long, kept to what it gets right. It doubles a value as a float before it writes the bits, so it
 * writes -(2^52) - 1 as +2^52, and reads it so: beyond 2^52 this one refuses, and `wideLong` takes over.
 */
export const plainLong = ((): Type => {
  // The border to avsc's inner methods, which its types leave out; avsc is pinned and a test compares.
  const inner = new avsc.types.LongType() as Type & InnerLong;
  return Object.create(inner, {
    _read: {
      value(tap: unknown) {
        const value = inner._read(tap);
        if (value >= -plainLimit && value < plainLimit) return value;
        throw new Error('a long beyond 2^52');
      },
    },
    _write: {
      value(tap: unknown, value: number) {
        if (value >= plainLimit || value < -plainLimit) throw new Error('a long beyond 2^52');
        inner._write(tap, value);
      },
    },
  });
})();

/**
 * An Avro long without avsc's limits: a number as long as it is exact, beyond 2^53 a bigint. Slower than the
 * plain one, so it is used only for records that need it.
 */
export const wideLong = avsc.types.LongType.__with(
  { fromBuffer, toBuffer, isValid, compare, fromJSON: same, toJSON: same },
  true,
);

type Long = number | bigint;

function fromBuffer(bytes: Buffer): Long {
  if (bytes.length > mostBytes) throw new Error('a long of more than ten bytes');
  let zigzag = 0n;
  for (const [index, byte] of bytes.entries()) zigzag |= BigInt(byte & 0x7f) << BigInt(7 * index);
  if (zigzag >> 64n !== 0n) throw new Error('a long of more than 64 bits');
  const value = zigzag & 1n ? -(zigzag >> 1n) - 1n : zigzag >> 1n;
  const short = Number(value);
  return Number.isSafeInteger(short) ? short : value;
}

function toBuffer(value: Long): Buffer {
  const long = BigInt(value);
  const bytes: number[] = [];
  let rest = long < 0n ? -2n * long - 1n : 2n * long;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function isValid(value: unknown): boolean {
  return typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value);
}

function compare(a: Long, b: Long): -1 | 0 | 1 {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function same<T>(value: T): T {
  return value;
}
