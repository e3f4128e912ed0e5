import type { AvroReader } from './avro-reader.ts';
import type { AvroField, AvroRecord, AvroType } from './avro-schema.ts';
import { ByteWriter } from './byte-writer.ts';
import { WarehouseError } from './errors.ts';
import { type FieldTraits, type Scalar, scalarOf } from './scalar-codec.ts';

/** How one Avro value becomes one ClickHouse value in RowBinary. */
export interface ValueCodec {
  /** The ClickHouse type. */
  readonly type: string;
  write(reader: AvroReader, writer: ByteWriter): void;
  /** Writes "nothing": NULL where the type can hold it, else empty. */
  absent(writer: ByteWriter): void;
}

const mapKey: FieldTraits = { name: 'key', lowCardinality: false };

function unmappable(what: string): WarehouseError {
  return new WarehouseError('ZT-WAREHOUSE-UNMAPPABLE', what);
}

/** The one branch of a union beside null, and where null stands. */
export function optionalOf(union: Extract<AvroType, { kind: 'union' }>): { type: AvroType; nullAt: number } {
  const nullAt = union.branches.findIndex((branch) => branch.kind === 'primitive' && branch.type === 'null');
  const type = union.branches.find((_, index) => index !== nullAt);
  if (type === undefined || union.branches.length !== (nullAt === -1 ? 1 : 2)) {
    throw unmappable('a union must have one branch, or null and one branch');
  }
  return { type, nullAt };
}

/** Reads a union's branch; true when it is the value and not null. */
export function isPresent(reader: AvroReader, nullAt: number): boolean {
  const branch = reader.int();
  if (branch === nullAt) return false;
  if (branch !== (nullAt === 0 ? 1 : 0)) {
    throw new WarehouseError('ZT-WAREHOUSE-MALFORMED', 'a union has no branch of this number');
  }
  return true;
}

/**
 * @param optional whether the value may be absent: scalars then become Nullable. Arrays and maps never do; an
 * absent one is empty.
 */
export function valueCodec(type: AvroType, field: FieldTraits, optional: boolean): ValueCodec {
  switch (type.kind) {
    case 'union':
      return unionCodec(type, field);
    case 'array':
      return sequenceCodec('Array(', [valueCodec(type.items, field, false)]);
    case 'map':
      return sequenceCodec('Map(String, ', [
        plainCodec(scalarOf({ kind: 'primitive', type: 'string' }, mapKey)),
        valueCodec(type.values, field, false),
      ]);
    case 'record':
      return tupleCodec(type, optional);
    default:
      return optional ? nullableCodec(scalarOf(type, field)) : plainCodec(scalarOf(type, field));
  }
}

function plainCodec(scalar: Scalar): ValueCodec {
  return {
    type: scalar.lowCardinality ? `LowCardinality(${scalar.type})` : scalar.type,
    write: scalar.write,
    absent() {
      throw unmappable(`${scalar.type} cannot be absent`);
    },
  };
}

function nullableCodec(scalar: Scalar): ValueCodec {
  const type = `Nullable(${scalar.type})`;
  const { write } = scalar;
  return {
    type: scalar.lowCardinality ? `LowCardinality(${type})` : type,
    write(reader, writer) {
      writer.byte(0);
      write(reader, writer);
    },
    absent(writer) {
      writer.byte(1);
    },
  };
}

function unionCodec(union: Extract<AvroType, { kind: 'union' }>, field: FieldTraits): ValueCodec {
  const { type, nullAt } = optionalOf(union);
  const codec = valueCodec(type, field, nullAt !== -1);
  return {
    type: codec.type,
    write(reader, writer) {
      if (isPresent(reader, nullAt)) codec.write(reader, writer);
      else codec.absent(writer);
    },
    absent: codec.absent,
  };
}

/** An array, or a map (whose items are a key and a value). */
function sequenceCodec(opening: string, parts: readonly ValueCodec[]): ValueCodec {
  return {
    type: `${opening}${parts.at(-1)?.type ?? ''})`,
    write(reader, writer) {
      const countAt = writer.position;
      const first = reader.blockCount();
      writer.varint(first);
      const itemsAt = writer.position;
      let total = first;
      for (let count = first; count > 0; ) {
        for (let item = 0; item < count; item++) {
          for (const part of parts) part.write(reader, writer);
        }
        count = reader.blockCount();
        total += count;
      }
      if (total !== first) insertCount(writer, countAt, itemsAt, total);
    },
    absent(writer) {
      writer.byte(0);
    },
  };
}

/** Avro may cut an array into blocks; RowBinary wants the whole count in front. Rare, so it may move bytes. */
function insertCount(writer: ByteWriter, countAt: number, itemsAt: number, total: number): void {
  const items = Buffer.from(writer.buffer.subarray(itemsAt, writer.position));
  writer.position = countAt;
  writer.varint(total);
  writer.copy(items, 0, items.length);
}

function tupleCodec(record: AvroRecord, optional: boolean): ValueCodec {
  if (record.fields.length === 0) throw unmappable(`record ${record.name} has no fields`);
  const codecs = record.fields.map((field) => valueCodec(field.type, field, optional));
  const types = record.fields.map((field, i) => `${field.name} ${codecs[i]?.type ?? ''}`);
  return {
    type: `Tuple(${types.join(', ')})`,
    write(reader, writer) {
      for (const codec of codecs) codec.write(reader, writer);
    },
    absent(writer) {
      for (const codec of codecs) codec.absent(writer);
    },
  };
}

/**
 * An array of records as a Nested structure: one array a field, all of one length. A field that is added to the
 * record later is one more column, which a Tuple would not allow.
 */
export function nestedCodec(record: AvroRecord): {
  fields: readonly { field: AvroField; codec: ValueCodec }[];
  write(reader: AvroReader, writer: ByteWriter): void;
  absent(writer: ByteWriter): void;
} {
  if (record.fields.length === 0) throw unmappable(`record ${record.name} has no fields`);
  const fields = record.fields.map((field) => ({ field, codec: valueCodec(field.type, field, false) }));
  const lanes = fields.map(({ codec }) => ({ codec, items: new ByteWriter(256) }));
  return {
    fields,
    write(reader, writer) {
      for (const lane of lanes) lane.items.position = 0;
      let total = 0;
      for (let count = reader.blockCount(); count > 0; count = reader.blockCount()) {
        total += count;
        for (let item = 0; item < count; item++) {
          for (const lane of lanes) lane.codec.write(reader, lane.items);
        }
      }
      for (const { items } of lanes) {
        writer.varint(total);
        writer.copy(items.buffer, 0, items.position);
      }
    },
    absent(writer) {
      for (let lane = 0; lane < lanes.length; lane++) writer.byte(0);
    },
  };
}
