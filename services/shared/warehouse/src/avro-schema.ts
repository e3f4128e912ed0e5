import { WarehouseError } from './errors.ts';

/** An Avro type with its names resolved, as far as a table needs it. */
export type AvroType =
  | { readonly kind: 'primitive'; readonly type: Primitive; readonly logicalType?: string }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly kind: 'fixed'; readonly name: string; readonly size: number }
  | { readonly kind: 'array'; readonly items: AvroType }
  | { readonly kind: 'map'; readonly values: AvroType }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] }
  | AvroRecord;

type Primitive = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'string' | 'bytes';

export interface AvroField {
  readonly name: string;
  readonly type: AvroType;
  readonly doc: string;
  /** Few distinct values, says the contract (attribute `low_cardinality`): stored with a dictionary. */
  readonly lowCardinality: boolean;
  /** Undefined when the field has no default. */
  readonly default?: unknown;
}

export interface AvroRecord {
  readonly kind: 'record';
  /** Full name with namespace. */
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly AvroField[];
}

const primitives: ReadonlySet<string> = new Set([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'string',
  'bytes',
]);

function isPrimitive(name: string): name is Primitive {
  return primitives.has(name);
}

/** The attributes of a schema that matter here, as JSON has them. */
interface Json {
  readonly type?: unknown;
  readonly name?: unknown;
  readonly namespace?: unknown;
  readonly doc?: unknown;
  readonly items?: unknown;
  readonly values?: unknown;
  readonly symbols?: unknown;
  readonly size?: unknown;
  readonly fields?: unknown;
  readonly logicalType?: unknown;
  readonly default?: unknown;
  readonly low_cardinality?: unknown;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function unreadable(what: string): WarehouseError {
  return new WarehouseError('ZT-WAREHOUSE-UNMAPPABLE', `the Avro schema cannot be read: ${what}`);
}

function fullName(schema: Json, namespace: string): string {
  const name = text(schema.name);
  if (name.includes('.')) return name;
  const own = text(schema.namespace) || namespace;
  return own === '' ? name : `${own}.${name}`;
}

class SchemaReader {
  readonly #named = new Map<string, AvroType>();

  read(schema: unknown, namespace: string): AvroType {
    if (typeof schema === 'string') return this.#reference(schema, namespace);
    if (Array.isArray(schema)) {
      return { kind: 'union', branches: schema.map((branch) => this.read(branch, namespace)) };
    }
    if (!isObject(schema)) throw unreadable(JSON.stringify(schema));
    const type = schema.type;
    if (typeof type !== 'string') return this.read(type, namespace);
    if (type === 'array') return { kind: 'array', items: this.read(schema.items, namespace) };
    if (type === 'map') return { kind: 'map', values: this.read(schema.values, namespace) };
    if (type === 'record' || type === 'enum' || type === 'fixed')
      return this.#define(type, schema, namespace);
    if (!isPrimitive(type)) return this.#reference(type, namespace);
    const logicalType = text(schema.logicalType);
    return logicalType === '' ? { kind: 'primitive', type } : { kind: 'primitive', type, logicalType };
  }

  #reference(name: string, namespace: string): AvroType {
    if (isPrimitive(name)) return { kind: 'primitive', type: name };
    const known =
      this.#named.get(name.includes('.') ? name : `${namespace}.${name}`) ?? this.#named.get(name);
    if (known === undefined) throw unreadable(`type ${name} is not defined before its use`);
    return known;
  }

  #define(type: 'record' | 'enum' | 'fixed', schema: Json, namespace: string): AvroType {
    const name = fullName(schema, namespace);
    const defined = this.#build(type, schema, name);
    this.#named.set(name, defined);
    return defined;
  }

  #build(type: 'record' | 'enum' | 'fixed', schema: Json, name: string): AvroType {
    if (type === 'enum') return { kind: 'enum', name, symbols: list(schema.symbols).map(text) };
    if (type === 'fixed') return { kind: 'fixed', name, size: Number(schema.size) };
    const inner = name.slice(0, Math.max(0, name.lastIndexOf('.')));
    const fields = list(schema.fields).map((field): AvroField => {
      if (!isObject(field)) throw unreadable(`a field of ${name}`);
      const read = {
        name: text(field.name),
        type: this.read(field.type, inner),
        doc: text(field.doc),
        lowCardinality: field.low_cardinality === true,
      };
      return 'default' in field ? { ...read, default: field.default } : read;
    });
    return { kind: 'record', name, doc: text(schema.doc), fields };
  }
}

/**
 * Reads the text of an .avsc file whose outermost type is a record. Types must be defined before they are used;
 * recursive types are refused, for no table can hold them.
 */
export function parseAvroRecord(schemaText: string): AvroRecord {
  const type = new SchemaReader().read(JSON.parse(schemaText), '');
  if (type.kind !== 'record') throw unreadable('the outermost type is not a record');
  return type;
}
