import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** How personal a field is. */
export type PiiClass = 'none' | 'pseudonym' | 'identifier' | 'sensitive';

export interface AvroEnum {
  readonly type: 'enum';
  readonly name: string;
  readonly namespace?: string;
  readonly doc?: string;
  readonly symbols: readonly string[];
  readonly default?: string;
}

export interface AvroArray {
  readonly type: 'array';
  readonly items: AvroType;
}

export interface AvroLogical {
  readonly type: 'long' | 'int';
  readonly logicalType: 'timestamp-millis' | 'date';
}

export interface AvroField {
  readonly name: string;
  readonly type: AvroType;
  readonly default?: unknown;
  readonly doc: string;
  readonly pii: PiiClass;
  /** Type of the identifier that the field holds; a gateway replaces the clear value by its token. */
  readonly identifier?: string;
  /** Field of the same record that holds the scope of `identifier`; without it the scope is empty. */
  readonly scope_field?: string;
  /** A sender must give the field, and not null, although a default lets the layout evolve. */
  readonly required?: boolean;
  /** Text that people wrote or that may quote them; a gateway masks contact addresses in it. */
  readonly free_text?: boolean;
  /** Address of a page: query string and fragment are cut off where it enters. It is free text as well. */
  readonly page_address?: boolean;
  /** Boolean field of the same record that says that this identifier was a random one and was left out. */
  readonly randomised_field?: string;
  /** Text with few distinct values (a store, a currency): the warehouse keeps a dictionary of them. */
  readonly low_cardinality?: boolean;
  readonly unit?: string;
}

export interface AvroRecord {
  readonly type: 'record';
  readonly name: string;
  readonly namespace: string;
  readonly doc: string;
  readonly fields: readonly AvroField[];
}

/** A primitive or a name defined earlier in the same file, a definition, or a union. */
export type AvroType = string | AvroEnum | AvroArray | AvroLogical | AvroRecord | readonly AvroType[];

/** A whole .avsc file. */
export type AvroSchema = AvroRecord;

const texts = new Map<string, string>();
const schemas = new Map<string, AvroSchema>();

/** Text of the .avsc file of a record, as it is registered. */
export function schemaText(recordName: string): string {
  const known = texts.get(recordName);
  if (known !== undefined) return known;
  const text = readFileSync(fileURLToPath(new URL(schemaPath(recordName), import.meta.url)), 'utf8');
  texts.set(recordName, text);
  return text;
}

/** The parsed schema of a record, with its field attributes. */
export function schemaOf(recordName: string): AvroSchema {
  const known = schemas.get(recordName);
  if (known !== undefined) return known;
  const schema = parseSchema(schemaText(recordName));
  schemas.set(recordName, schema);
  return schema;
}

/** Where a record's file is, below the folder of the schemas. */
export function schemaPath(recordName: string): string {
  const [, namespace, name] = recordName.split('.');
  if (name === undefined) return './envelope.avsc';
  return `./${namespace}/${name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase()}.avsc`;
}

/** Reads a schema file. Its form is the business of `make check`; here it is trusted. */
export function parseSchema(text: string): AvroSchema {
  return JSON.parse(text) as AvroSchema;
}

/** Fields of the envelope, with which every event begins. */
export function envelopeFields(): readonly AvroField[] {
  return schemaOf('zhongtai.Envelope').fields;
}
