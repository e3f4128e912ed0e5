/** A field of a record as the checks of events need it. */
export interface AvroField {
  readonly name: string;
  readonly node: AvroNode;
  /** Present when the schema gives a default. */
  readonly fallback?: { readonly value: unknown };
  /** A sender must give it although the schema has a default (attribute `required`; defaults serve evolution). */
  readonly required: boolean;
  /** The identifier type of a field that holds one (attribute `identifier`). */
  readonly identifier?: string;
  /** The field beside it that names the identifier's scope (attribute `scope_field`). */
  readonly scopeField?: string;
  /** The boolean beside it that says that the identifier was random (attribute `randomised_field`). */
  readonly randomisedField?: string;
  /** Text that people wrote (attribute `free_text`): contact addresses in it are masked. */
  readonly freeText: boolean;
  /** Address of a page (attribute `page_address`): query string and fragment are cut off. */
  readonly pageAddress: boolean;
}

/** The part of Avro that the contract uses, names resolved. */
export type AvroNode =
  | { readonly kind: 'null' | 'boolean' | 'int' | 'float' | 'double' | 'string' }
  /** Days since 1970. */
  | { readonly kind: 'day' }
  | { readonly kind: 'long'; readonly time: boolean }
  | { readonly kind: 'enum'; readonly symbols: readonly string[] }
  | { readonly kind: 'array'; readonly items: AvroNode }
  | { readonly kind: 'map'; readonly values: AvroNode }
  | { readonly kind: 'union'; readonly branches: readonly AvroNode[] }
  | { readonly kind: 'record'; readonly name: string; readonly fields: readonly AvroField[] };

type Json = Readonly<Record<string, unknown>>;

/** A schema of the contract uses a part of Avro that the checks do not know: extend them, or the schema. */
export class UncheckableSchema extends Error {
  override readonly name = 'UncheckableSchema';
  readonly code = 'ZT-EVENT-SCHEMA';
  readonly failure = 'fatal';
}

/** Names go into generated code: nothing but an Avro name may pass. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unsupported(what: string): UncheckableSchema {
  return new UncheckableSchema(`events cannot be checked by ${what}`);
}

function nameOf(value: unknown): string {
  if (typeof value !== 'string' || !NAME.test(value)) throw unsupported(`a name such as ${String(value)}`);
  return value;
}

/** A name with a dot is full; any other stands in the namespace around it. */
function fullName(name: string, space: string): string {
  return name.includes('.') || space === '' ? name : `${space}.${name}`;
}

/** The namespace within a definition: that of its full name, else its own, else the one around it. */
function spaceOf(schema: Json, around: string): string {
  const name = String(schema['name']);
  if (name.includes('.')) return name.slice(0, name.lastIndexOf('.'));
  return typeof schema['namespace'] === 'string' ? schema['namespace'] : around;
}

class Reader {
  readonly #named = new Map<string, AvroNode>();

  read(schema: unknown, space: string): AvroNode {
    if (typeof schema === 'string') return this.#simple(schema, space);
    if (Array.isArray(schema))
      return { kind: 'union', branches: schema.map((branch) => this.read(branch, space)) };
    if (!isJson(schema)) throw unsupported(`the schema ${JSON.stringify(schema)}`);
    switch (schema['type']) {
      case 'record':
        return this.#record(schema, space);
      case 'enum':
        return this.#enum(schema, space);
      case 'array':
        return { kind: 'array', items: this.read(schema['items'], space) };
      case 'map':
        return { kind: 'map', values: this.read(schema['values'], space) };
      case 'long':
        return { kind: 'long', time: schema['logicalType'] === 'timestamp-millis' };
      default:
        return schema['logicalType'] === 'date' ? { kind: 'day' } : this.read(schema['type'], space);
    }
  }

  #simple(name: string, space: string): AvroNode {
    switch (name) {
      case 'null':
      case 'boolean':
      case 'int':
      case 'float':
      case 'double':
      case 'string':
        return { kind: name };
      case 'long':
        return { kind: 'long', time: false };
      default: {
        const node = this.#named.get(fullName(name, space));
        if (node === undefined) throw unsupported(`the type ${name}`);
        return node;
      }
    }
  }

  #enum(schema: Json, space: string): AvroNode {
    const { symbols } = schema;
    if (!Array.isArray(symbols)) throw unsupported('an enum without symbols');
    const node: AvroNode = { kind: 'enum', symbols: symbols.map(nameOf) };
    this.#remember(schema, space, node);
    return node;
  }

  #record(schema: Json, space: string): AvroNode {
    const list = schema['fields'];
    if (!Array.isArray(list)) throw unsupported('a record without fields');
    const own = spaceOf(schema, space);
    const fields: AvroField[] = [];
    const node: AvroNode = { kind: 'record', name: String(schema['name']), fields };
    this.#remember(schema, space, node);
    for (const field of list) if (isJson(field)) fields.push(this.#field(field, own));
    return node;
  }

  #field(field: Json, space: string): AvroField {
    const node = this.read(field['type'], space);
    const { identifier, scope_field: scopeField, randomised_field: randomisedField } = field;
    return {
      name: nameOf(field['name']),
      node,
      required: field['required'] === true,
      freeText: field['free_text'] === true,
      pageAddress: field['page_address'] === true,
      ...(field['default'] === undefined ? {} : { fallback: { value: field['default'] } }),
      ...(typeof identifier === 'string' ? { identifier } : {}),
      ...(typeof scopeField === 'string' ? { scopeField } : {}),
      ...(typeof randomisedField === 'string' ? { randomisedField } : {}),
    };
  }

  #remember(schema: Json, space: string, node: AvroNode): void {
    this.#named.set(fullName(String(schema['name']), spaceOf(schema, space)), node);
  }
}

/** Reads the text of an .avsc file whose top is a record. @throws UncheckableSchema, which is fatal. */
export function parseRecordSchema(text: string): AvroNode & { readonly kind: 'record' } {
  const schema: unknown = JSON.parse(text);
  const node = new Reader().read(schema, '');
  if (node.kind !== 'record') throw unsupported(`a ${node.kind} as an event`);
  return node;
}
