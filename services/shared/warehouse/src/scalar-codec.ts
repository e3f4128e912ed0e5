import type { AvroReader } from './avro-reader.ts';
import type { AvroField, AvroType } from './avro-schema.ts';
import { ByteWriter } from './byte-writer.ts';
import { WarehouseError } from './errors.ts';

/** What a value's codec needs to know of its field. */
export type FieldTraits = Pick<AvroField, 'name' | 'lowCardinality'>;

/** How a value without parts is stored and written. */
export interface Scalar {
  readonly type: string;
  /** Few distinct values: stored as a dictionary. The bytes are the same. */
  readonly lowCardinality: boolean;
  write(reader: AvroReader, writer: ByteWriter): void;
}

const twoTo32 = 2 ** 32;
/** What DateTime64 and Date32 can hold, 1900-01-01 to 2299-12-31; beyond, ClickHouse would clamp. */
const earliestMs = Date.UTC(1900, 0, 1);
const latestMs = Date.UTC(2300, 0, 1) - 1;
const dayMs = 86_400_000;

function writeString(reader: AvroReader, writer: ByteWriter): void {
  const length = reader.length();
  writer.varint(length);
  writer.copy(reader.bytes, reader.position, length);
  reader.position += length;
}

function copier(size: number): Scalar['write'] {
  return (reader, writer) => {
    const from = reader.position;
    reader.skip(size);
    writer.copy(reader.bytes, from, size);
  };
}

function timestamp(unitsPerMs: number, what: string): Scalar['write'] {
  return (reader, writer) => {
    reader.long();
    const value = reader.high * twoTo32 + (reader.low >>> 0);
    if (value < earliestMs * unitsPerMs || value > latestMs * unitsPerMs) {
      throw new WarehouseError('ZT-WAREHOUSE-OUT-OF-RANGE', `a ${what} is not between 1900 and 2299`);
    }
    writer.int64(reader.low, reader.high);
  };
}

function writeDate(reader: AvroReader, writer: ByteWriter): void {
  const days = reader.int();
  if (days < earliestMs / dayMs || days > Math.floor(latestMs / dayMs)) {
    throw new WarehouseError('ZT-WAREHOUSE-OUT-OF-RANGE', 'a date is not between 1900 and 2299');
  }
  writer.int32(days);
}

function writeBoolean(reader: AvroReader, writer: ByteWriter): void {
  const value = reader.byte();
  if (value > 1) throw new WarehouseError('ZT-WAREHOUSE-MALFORMED', 'a boolean is neither 0 nor 1');
  writer.byte(value);
}

function writeInt(reader: AvroReader, writer: ByteWriter): void {
  writer.int32(reader.int());
}

function writeLong(reader: AvroReader, writer: ByteWriter): void {
  reader.long();
  writer.int64(reader.low, reader.high);
}

const byPrimitive: Readonly<Record<string, Omit<Scalar, 'lowCardinality'>>> = {
  boolean: { type: 'Bool', write: writeBoolean },
  int: { type: 'Int32', write: writeInt },
  'int/date': { type: 'Date32', write: writeDate },
  'int/time-millis': { type: 'Int32', write: writeInt },
  long: { type: 'Int64', write: writeLong },
  'long/timestamp-millis': { type: "DateTime64(3, 'UTC')", write: timestamp(1, 'timestamp') },
  'long/timestamp-micros': { type: "DateTime64(6, 'UTC')", write: timestamp(1000, 'timestamp') },
  float: { type: 'Float32', write: copier(4) },
  double: { type: 'Float64', write: copier(8) },
  string: { type: 'String', write: writeString },
  'string/uuid': { type: 'String', write: writeString },
  bytes: { type: 'String', write: writeString },
};

function enumOf(symbols: readonly string[]): Scalar {
  const encoded = symbols.map((symbol) => {
    const name = Buffer.from(symbol);
    const writer = new ByteWriter(name.length + 5);
    writer.varint(name.length);
    writer.copy(name, 0, name.length);
    return Buffer.from(writer.bytes());
  });
  return {
    type: 'String',
    lowCardinality: true,
    write(reader, writer) {
      const symbol = encoded[reader.int()];
      if (symbol === undefined) {
        throw new WarehouseError('ZT-WAREHOUSE-MALFORMED', 'an enum has no symbol of this number');
      }
      writer.copy(symbol, 0, symbol.length);
    },
  };
}

/** @param field whose value it is. Enums have few distinct values whatever it says. */
export function scalarOf(type: AvroType, { name, lowCardinality }: FieldTraits): Scalar {
  if (type.kind === 'enum') return enumOf(type.symbols);
  if (type.kind === 'fixed') {
    return { type: `FixedString(${type.size})`, lowCardinality: false, write: copier(type.size) };
  }
  if (type.kind === 'primitive') {
    const logical = type.logicalType === undefined ? '' : `/${type.logicalType}`;
    const known = byPrimitive[`${type.type}${logical}`];
    if (known !== undefined) {
      return { ...known, lowCardinality: known.type === 'String' && lowCardinality };
    }
    throw new WarehouseError(
      'ZT-WAREHOUSE-UNMAPPABLE',
      `no column type for ${type.type}${logical} of ${name}`,
    );
  }
  throw new WarehouseError('ZT-WAREHOUSE-UNMAPPABLE', `no column type for ${type.kind} of ${name}`);
}
