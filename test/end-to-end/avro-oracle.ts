import fc from 'fast-check';

/** An Avro encoder for tests, written apart from the code under test: bytes of a value by its schema. */
export type Shape =
  | 'boolean'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'string'
  | 'timestamp'
  | 'date'
  | { readonly enum: readonly string[] }
  | { readonly optional: Shape; readonly nullFirst: boolean }
  | { readonly array: Shape }
  | { readonly map: Shape }
  | { readonly record: string; readonly fields: Readonly<Record<string, Shape>> };

function zigzag(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([zigzag(BigInt(bytes.length)), bytes]);
}

function number(shape: 'float' | 'double', value: number): Buffer {
  const bytes = Buffer.alloc(shape === 'float' ? 4 : 8);
  if (shape === 'float') bytes.writeFloatLE(value);
  else bytes.writeDoubleLE(value);
  return bytes;
}

/** Items in blocks of one or two, every other block with its size in front, as Avro allows. */
function blocks(items: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0, block = 0; at < items.length; block++) {
    const own = items.slice(at, at + 1 + (block % 2) + (block > 2 ? items.length : 0));
    const bytes = Buffer.concat(own);
    if (block % 2 === 0) parts.push(zigzag(BigInt(own.length)), bytes);
    else parts.push(zigzag(BigInt(-own.length)), zigzag(BigInt(bytes.length)), bytes);
    at += own.length;
  }
  return Buffer.concat([...parts, zigzag(0n)]);
}

export function encode(shape: Shape, value: unknown): Buffer {
  if (typeof shape === 'string') return encodeScalar(shape, value);
  if ('enum' in shape) return zigzag(BigInt(shape.enum.indexOf(String(value))));
  if ('optional' in shape) {
    const branch = (value === null) === shape.nullFirst ? 0n : 1n;
    return value === null ? zigzag(branch) : Buffer.concat([zigzag(branch), encode(shape.optional, value)]);
  }
  if ('array' in shape)
    return blocks(Array.isArray(value) ? value.map((item) => encode(shape.array, item)) : []);
  const entries = Object.entries(Object(value));
  if ('map' in shape)
    return blocks(entries.map(([key, each]) => Buffer.concat([text(key), encode(shape.map, each)])));
  const given = new Map(entries);
  return Buffer.concat(Object.entries(shape.fields).map(([name, each]) => encode(each, given.get(name))));
}

function encodeScalar(shape: Extract<Shape, string>, value: unknown): Buffer {
  if (shape === 'boolean') return Buffer.from([value === true ? 1 : 0]);
  if (shape === 'string') return text(String(value));
  if (shape === 'float' || shape === 'double') return number(shape, Number(value));
  return zigzag(typeof value === 'bigint' ? value : BigInt(Number(value)));
}

const logical = {
  timestamp: { type: 'long', logicalType: 'timestamp-millis' },
  date: { type: 'int', logicalType: 'date' },
} as const;

/** The schema of a shape as .avsc has it. */
export function schemaOf(shape: Shape, name: string): unknown {
  if (typeof shape === 'string') return shape === 'timestamp' || shape === 'date' ? logical[shape] : shape;
  if ('enum' in shape) return { type: 'enum', name: `${name}_enum`, symbols: shape.enum };
  if ('optional' in shape) {
    const inner = schemaOf(shape.optional, name);
    return shape.nullFirst ? ['null', inner] : [inner, 'null'];
  }
  if ('array' in shape) return { type: 'array', items: schemaOf(shape.array, name) };
  if ('map' in shape) return { type: 'map', values: schemaOf(shape.map, name) };
  const fields = Object.entries(shape.fields).map(([field, each]) => ({
    name: field,
    type: schemaOf(each, `${name}_${field}`),
  }));
  return { type: 'record', name: shape.record, fields };
}

const earliestMs = Date.UTC(1900, 0, 1);
const latestMs = Date.UTC(2299, 11, 31, 23, 59, 59, 999);
const scalars: Readonly<Record<Extract<Shape, string>, fc.Arbitrary<unknown>>> = {
  boolean: fc.boolean(),
  int: fc.integer(),
  long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  float: fc.float({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
  string: fc.string({ unit: 'binary', maxLength: 40 }),
  timestamp: fc.integer({ min: earliestMs, max: latestMs }),
  date: fc.integer({ min: earliestMs / 86_400_000, max: Math.floor(latestMs / 86_400_000) }),
};

export function arbitraryOf(shape: Shape): fc.Arbitrary<unknown> {
  if (typeof shape === 'string') return scalars[shape];
  if ('enum' in shape) return fc.constantFrom(...shape.enum);
  if ('optional' in shape) return fc.option(arbitraryOf(shape.optional), { nil: null });
  if ('array' in shape) return fc.array(arbitraryOf(shape.array), { maxLength: 5 });
  if ('map' in shape) {
    return fc.dictionary(fc.string({ unit: 'grapheme-ascii', maxLength: 5 }), arbitraryOf(shape.map), {
      maxKeys: 4,
    });
  }
  return fc.record(
    Object.fromEntries(Object.entries(shape.fields).map(([name, each]) => [name, arbitraryOf(each)])),
  );
}
