import { type AnchorProbe, type AnchorRank, createAnchorProbe } from './anchor-probe.ts';
import { AvroReader } from './avro-reader.ts';
import { type AvroField, parseAvroRecord } from './avro-schema.ts';
import type { ByteWriter } from './byte-writer.ts';
import { fieldCodec } from './columns.ts';
import { WarehouseError } from './errors.ts';
import { skipOf } from './skip-codec.ts';
import { platformColumnsOf, storedFields, type Table, type TableKind, tableOf } from './table.ts';

/** The magic byte and the four bytes of the schema id in front of an Avro record. */
export const framingBytes = 5;

/** Where a record lies on its topic. */
export interface RowOrigin {
  readonly partition: number;
  readonly offset: number;
  readonly key: Uint8Array | null;
}

/**
 * The way from the Avro bytes of one writer schema to the RowBinary of its table, compiled once. The columns are
 * those of the writer's schema in the writer's order, so a record of an older schema is a row with fewer columns
 * and the table fills in the rest.
 */
export interface RowPlan {
  /** The table as this schema wants it: what it must at least have. */
  readonly table: Table;
  /** The column list of the insert. */
  readonly columns: readonly string[];
  /**
   * Appends one row.
   *
   * @returns the row's ingest time in ms, by which the table is partitioned; 0 for reference tables.
   * @throws WarehouseError bad_record; `writer` is then as it was before.
   */
  encode(framed: Uint8Array, origin: RowOrigin, writer: ByteWriter): number;
}

type Step = (reader: AvroReader, writer: ByteWriter) => void;

const noBytes = new Uint8Array(0);

function uint64(writer: ByteWriter, value: number): void {
  writer.int64(value | 0, Math.floor(value / 2 ** 32));
}

function writeText(writer: ByteWriter, bytes: Uint8Array): void {
  writer.varint(bytes.length);
  writer.copy(bytes, 0, bytes.length);
}

interface Seen {
  ingestMs: number;
}

function stepsOf(fields: readonly AvroField[], probe: AnchorProbe | undefined, seen: Seen): Step[] {
  const stored = new Set(storedFields({ kind: 'record', name: '', doc: '', fields }));
  return fields.map((field): Step => {
    if (!stored.has(field)) return skipOf(field.type);
    const { write } = fieldCodec(field);
    if (probe === undefined) return write;
    if (field.name === 'ingest_time') {
      return (reader, writer) => {
        write(reader, writer);
        seen.ingestMs = reader.high * 2 ** 32 + (reader.low >>> 0);
      };
    }
    if (field.name !== 'identities') return write;
    return (reader, writer) => {
      const from = reader.position;
      probe.find(reader);
      reader.position = from;
      write(reader, writer);
    };
  });
}

export interface PlanOptions {
  readonly kind: TableKind;
  readonly database: string;
  readonly table: string;
  readonly schemaText: string;
  readonly anchorRank: AnchorRank;
}

/** @throws WarehouseError ZT-WAREHOUSE-UNMAPPABLE when a field has no column type. */
export function compilePlan({ kind, database, table: name, schemaText, anchorRank }: PlanOptions): RowPlan {
  const table = tableOf(kind, database, name, schemaText);
  const { fields } = parseAvroRecord(schemaText);
  const identities = fields.find((field) => field.name === 'identities');
  const probe =
    kind === 'event' && identities !== undefined ? createAnchorProbe(identities.type, anchorRank) : undefined;
  const seen: Seen = { ingestMs: 0 };
  const steps = stepsOf(fields, probe, seen);
  const reader = new AvroReader();

  function finish(origin: RowOrigin, writer: ByteWriter): void {
    if (probe === undefined) {
      writeText(writer, origin.key ?? noBytes);
      writer.byte(0);
    } else {
      writer.varint(probe.length);
      writer.copy(reader.bytes, probe.start, probe.length);
    }
    writer.uint16(origin.partition);
    uint64(writer, origin.offset);
  }

  return {
    table,
    columns: table.columns.map((column) => column.name),
    encode(framed, origin, writer) {
      const before = writer.position;
      reader.open(framed, framingBytes);
      try {
        for (const step of steps) step(reader, writer);
        if (!reader.ended)
          throw new WarehouseError('ZT-WAREHOUSE-MALFORMED', 'the record has bytes left over');
        finish(origin, writer);
        return seen.ingestMs;
      } catch (error) {
        writer.position = before;
        throw error;
      }
    },
  };
}

/** The columns of a deletion in a reference table: its key and where it lies, all else empty. */
export const tombstoneColumns: readonly string[] = platformColumnsOf('reference').map(
  (column) => column.name,
);

/** Appends the row by which a key of a reference table is deleted. */
export function encodeTombstone(origin: RowOrigin, writer: ByteWriter): void {
  writeText(writer, origin.key ?? noBytes);
  writer.byte(1);
  writer.uint16(origin.partition);
  uint64(writer, origin.offset);
}
