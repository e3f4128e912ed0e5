import type { AvroNode } from './avro-node.ts';

/** Steps over one value of Avro's binary encoding: where it begins -> where the next begins. */
export type Skip = (bytes: Buffer, at: number) => number;

/** The bytes are not what their schema says. */
export class MalformedAvro extends Error {
  override readonly name = 'MalformedAvro';
  readonly code = 'ZT-EVENT-MALFORMED';
  readonly failure = 'bad_record';
}

/** Compiles the way over values of a type, without making JavaScript values. @throws MalformedAvro when walked. */
export function skipOf(node: AvroNode): Skip {
  switch (node.kind) {
    case 'null':
      return (_bytes, at) => at;
    case 'boolean':
      return within(1);
    case 'float':
      return within(4);
    case 'double':
      return within(8);
    case 'int':
    case 'day':
    case 'long':
    case 'enum':
      return skipLong;
    case 'string':
      return skipText;
    case 'array':
      return skipBlocks([skipOf(node.items)]);
    case 'map':
      return skipBlocks([skipText, skipOf(node.values)]);
    case 'union':
      return skipUnion(node.branches.map(skipOf));
    case 'record': {
      const skips = node.fields.map((field) => skipOf(field.node));
      return (bytes, at) => skips.reduce((next, skip) => skip(bytes, next), at);
    }
  }
}

/** The length in front of a text, checked against the end of the bytes; the text begins at `textStart`. */
export function textLength(bytes: Buffer, at: number): number {
  const length = smallLong(bytes, at);
  if (length < 0 || skipLong(bytes, at) + length > bytes.length) {
    throw new MalformedAvro('a length goes beyond the end of the record');
  }
  return length;
}

export function skipLong(bytes: Buffer, at: number): number {
  for (let next = at; next < at + 10; next += 1) {
    const byte = bytes[next];
    if (byte === undefined) throw new MalformedAvro('the record ends within a number');
    if (byte < 0x80) return next + 1;
  }
  throw new MalformedAvro('a number has more than 64 bits');
}

function skipText(bytes: Buffer, at: number): number {
  const first = bytes[at];
  // Nearly all texts are shorter than 64 bytes: one byte says so, and zigzag makes it even.
  if (first !== undefined && first < 0x80 && (first & 1) === 0) {
    const end = at + 1 + (first >>> 1);
    if (end <= bytes.length) return end;
  }
  return skipLong(bytes, at) + textLength(bytes, at);
}

function within(size: number): Skip {
  return (bytes, at) => {
    if (at + size > bytes.length) throw new MalformedAvro('the record ends within a value');
    return at + size;
  };
}

function skipUnion(branches: readonly Skip[]): Skip {
  return (bytes, at) => {
    const branch = branches[smallLong(bytes, at)];
    if (branch === undefined) throw new MalformedAvro('a union has no branch of this number');
    return branch(bytes, skipLong(bytes, at));
  };
}

/** The items of an array or the pairs of a map. */
function skipBlocks(parts: readonly Skip[]): Skip {
  const skipItem: Skip = (bytes, at) => parts.reduce((next, part) => part(bytes, next), at);
  return (bytes, start) => {
    let at = start;
    for (;;) {
      const count = smallLong(bytes, at);
      at = skipLong(bytes, at);
      if (count === 0) return at;
      // A negative count is followed by the size of the block.
      if (count < 0) at = skipLong(bytes, at);
      // Items of no bytes could make a great count endless work.
      if (Math.abs(count) > bytes.length) throw new MalformedAvro('more items than the record has bytes');
      for (let left = Math.abs(count); left > 0; left -= 1) at = skipItem(bytes, at);
    }
  };
}

/** A number that must be small to make sense: of more than 31 bits it is none. */
function smallLong(bytes: Buffer, at: number): number {
  let value = 0;
  for (let next = at, shift = 0; shift < 35; next += 1, shift += 7) {
    const byte = bytes[next];
    if (byte === undefined) throw new MalformedAvro('the record ends within a number');
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
  throw new MalformedAvro('a length or a branch of more than 31 bits');
}
