import { type AvroRecord, parseAvroRecord } from './avro-schema.ts';
import { type Column, fieldCodec, quoteName, quoteText } from './columns.ts';
import { WarehouseError } from './errors.ts';

/** How many inserts a table remembers by their tokens; a replay older than this would double. */
export const deduplicationWindow = 10_000;

/** `event`: every record is a row for ever. `reference`: the newest record of a key is the row. */
export type TableKind = 'event' | 'reference';

export interface Table {
  readonly database: string;
  readonly name: string;
  readonly kind: TableKind;
  readonly comment: string;
  /** All columns in their order: those of the schema, then those of the platform. */
  readonly columns: readonly Column[];
}

/** Fields that are not stored: `link` is null on the highway, and who an anchor is today is a dictionary. */
const notStored: ReadonlySet<string> = new Set(['link']);

const platformColumns: Readonly<Record<TableKind, readonly Column[]>> = {
  event: [
    {
      name: 'anchor',
      type: 'String',
      comment: "Token of the strongest identifier of the event's actor; '' when it has none.",
      default: '',
    },
    { name: 'kafka_partition', type: 'UInt16', comment: 'Partition of the topic.', default: '' },
    { name: 'kafka_offset', type: 'UInt64', comment: 'Offset within the partition.', default: '' },
  ],
  reference: [
    { name: 'record_key', type: 'String', comment: 'Key of the record on its topic.', default: '' },
    { name: 'is_deleted', type: 'UInt8', comment: '1 when the key was deleted.', default: '' },
    { name: 'kafka_partition', type: 'UInt16', comment: 'Partition of the topic.', default: '' },
    {
      name: 'kafka_offset',
      type: 'UInt64',
      comment: 'Offset within the partition; the highest of a key wins.',
      default: '',
    },
  ],
};

export function storedFields(record: AvroRecord): AvroRecord['fields'] {
  return record.fields.filter((field) => !notStored.has(field.name));
}

export function platformColumnsOf(kind: TableKind): readonly Column[] {
  return platformColumns[kind];
}

/**
 * The table of a record, from its .avsc text.
 *
 * @throws WarehouseError ZT-WAREHOUSE-UNMAPPABLE when a field has no column type, or two have one column.
 */
export function tableOf(kind: TableKind, database: string, name: string, schemaText: string): Table {
  const record = parseAvroRecord(schemaText);
  const columns = [
    ...storedFields(record).flatMap((field) => fieldCodec(field).columns),
    ...platformColumns[kind],
  ];
  const names = columns.map((column) => column.name);
  const repeated = names.find((column, index) => names.indexOf(column) !== index);
  if (repeated !== undefined) {
    throw new WarehouseError(
      'ZT-WAREHOUSE-UNMAPPABLE',
      `two fields of ${record.name} become column ${repeated}`,
    );
  }
  for (const needed of kind === 'event'
    ? ['event_id', 'event_time', 'ingest_time', 'identities.id_value']
    : []) {
    if (!names.includes(needed)) {
      throw new WarehouseError('ZT-WAREHOUSE-UNMAPPABLE', `${record.name} has no field for column ${needed}`);
    }
  }
  return { database, name, kind, comment: record.doc, columns };
}

export function qualifiedName(table: Pick<Table, 'database' | 'name'>): string {
  return `${quoteName(table.database)}.${quoteName(table.name)}`;
}

/** A column as DDL has it, with its default and comment. */
export function columnDefinition(column: Column): string {
  const fallback = column.default === '' ? '' : ` DEFAULT ${column.default}`;
  const comment = column.comment === '' ? '' : ` COMMENT ${quoteText(column.comment)}`;
  return `${quoteName(column.name)} ${column.type}${fallback}${comment}`;
}

const engines: Readonly<Record<TableKind, string>> = {
  // By ingest time, so that an insert touches one or two partitions whatever the event times are.
  event: 'MergeTree PARTITION BY toYYYYMM(ingest_time) ORDER BY (anchor, event_time, event_id)',
  reference: 'ReplacingMergeTree(kafka_offset, is_deleted) ORDER BY record_key',
};

/** The statement that creates the table where it does not exist. */
export function createStatement(table: Table): string {
  return [
    `CREATE TABLE IF NOT EXISTS ${qualifiedName(table)} (`,
    table.columns.map((column) => `  ${columnDefinition(column)}`).join(',\n'),
    `) ENGINE = ${engines[table.kind]}`,
    `SETTINGS non_replicated_deduplication_window = ${deduplicationWindow}`,
    `COMMENT ${quoteText(table.comment)}`,
  ].join('\n');
}
