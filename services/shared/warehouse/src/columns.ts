import type { AvroReader } from './avro-reader.ts';
import type { AvroField, AvroRecord, AvroType } from './avro-schema.ts';
import type { ByteWriter } from './byte-writer.ts';
import { isPresent, nestedCodec, optionalOf, type ValueCodec, valueCodec } from './value-codec.ts';

export interface Column {
  readonly name: string;
  /** The ClickHouse type, spelled as `system.columns` spells it. */
  readonly type: string;
  readonly comment: string;
  /** SQL expression that rows get which were written before the field existed; '' for the type's own zero. */
  readonly default: string;
}

/** How one Avro field becomes columns: one after the other, in their order. */
export interface FieldCodec {
  readonly columns: readonly Column[];
  write(reader: AvroReader, writer: ByteWriter): void;
  absent(writer: ByteWriter): void;
}

function isRecordArray(type: AvroType): type is { kind: 'array'; items: AvroRecord } {
  return type.kind === 'array' && type.items.kind === 'record';
}

/**
 * The columns of a field: a record is flattened (`pickup_point_code`), an array of records becomes Nested
 * (`lines.product_id`), everything else is one column.
 */
export function fieldCodec(field: AvroField, prefix = '', optional = false): FieldCodec {
  const { type } = field;
  if (type.kind === 'union') {
    const { type: inner, nullAt } = optionalOf(type);
    if (inner.kind === 'record' || isRecordArray(inner)) {
      const codec = fieldCodec({ ...field, type: inner }, prefix, nullAt !== -1);
      return {
        ...codec,
        write(reader, writer) {
          if (isPresent(reader, nullAt)) codec.write(reader, writer);
          else codec.absent(writer);
        },
      };
    }
  }
  if (type.kind === 'record') return recordCodec(type, `${prefix}${field.name}_`, optional);
  if (isRecordArray(type)) return nestedColumns(type.items, `${prefix}${field.name}`);
  return single(field, prefix, valueCodec(type, field, optional), optional);
}

function single(field: AvroField, prefix: string, codec: ValueCodec, optional: boolean): FieldCodec {
  return {
    columns: [
      {
        name: `${prefix}${field.name}`,
        type: codec.type,
        comment: field.doc,
        // Within a record that may be absent, NULL says so; the default of a field would hide it.
        default: optional ? '' : defaultExpression(field.default),
      },
    ],
    write: codec.write,
    absent: codec.absent,
  };
}

function recordCodec(record: AvroRecord, prefix: string, optional: boolean): FieldCodec {
  const codecs = record.fields.map((field) => fieldCodec(field, prefix, optional));
  return {
    columns: codecs.flatMap((codec) => codec.columns),
    write(reader, writer) {
      for (const codec of codecs) codec.write(reader, writer);
    },
    absent(writer) {
      for (const codec of codecs) codec.absent(writer);
    },
  };
}

function nestedColumns(record: AvroRecord, name: string): FieldCodec {
  const nested = nestedCodec(record);
  return {
    columns: nested.fields.map(({ field, codec }) => ({
      name: `${name}.${field.name}`,
      type: `Array(${codec.type})`,
      comment: field.doc,
      default: '',
    })),
    write: nested.write,
    absent: nested.absent,
  };
}

export function quoteText(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

export function quoteName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

/** An Avro default as SQL where it differs from what ClickHouse fills in by itself. */
function defaultExpression(value: unknown): string {
  if (typeof value === 'string' && value !== '') return quoteText(value);
  if (typeof value === 'number' && value !== 0 && Number.isFinite(value)) return String(value);
  return value === true ? 'true' : '';
}
