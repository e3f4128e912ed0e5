import type { AvroReader } from './avro-reader.ts';
import type { AvroType } from './avro-schema.ts';
import { WarehouseError } from './errors.ts';

export type Skip = (reader: AvroReader) => void;

const fixedSizes: Readonly<Record<string, number>> = { null: 0, boolean: 1, float: 4, double: 8 };

/** A function that steps over a value that is not stored. */
export function skipOf(type: AvroType): Skip {
  switch (type.kind) {
    case 'primitive':
      return skipPrimitive(type.type);
    case 'enum':
      return (reader) => reader.long();
    case 'fixed':
      return (reader) => reader.skip(type.size);
    case 'record': {
      const skips = type.fields.map((field) => skipOf(field.type));
      return (reader) => {
        for (const skip of skips) skip(reader);
      };
    }
    case 'union':
      return skipUnion(type.branches.map(skipOf));
    case 'array':
      return skipItems([skipOf(type.items)]);
    case 'map':
      return skipItems([skipPrimitive('string'), skipOf(type.values)]);
  }
}

function skipPrimitive(type: string): Skip {
  const size = fixedSizes[type];
  if (size !== undefined) return (reader) => reader.skip(size);
  if (type === 'string' || type === 'bytes') return (reader) => reader.skip(reader.length());
  return (reader) => reader.long();
}

function skipUnion(branches: readonly Skip[]): Skip {
  return (reader) => {
    const skip = branches[reader.int()];
    if (skip === undefined) {
      throw new WarehouseError('ZT-WAREHOUSE-MALFORMED', 'a union has no branch of this number');
    }
    skip(reader);
  };
}

function skipItems(parts: readonly Skip[]): Skip {
  return (reader) => {
    for (let count = reader.blockCount(); count > 0; count = reader.blockCount()) {
      for (let item = 0; item < count; item++) {
        for (const part of parts) part(reader);
      }
    }
  };
}
