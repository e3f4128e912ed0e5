import type { AvroArray, AvroEnum, AvroLogical, AvroRecord, AvroType } from '../avro.ts';

/** A type with the names that stand for earlier definitions replaced by the definitions. */
export type Definition = string | AvroEnum | AvroArray | AvroLogical | AvroRecord | readonly AvroType[];

export type Definitions = ReadonlyMap<string, AvroEnum | AvroRecord>;

export function fullName(type: { readonly name: string; readonly namespace?: string }): string {
  return `${type.namespace ?? 'zhongtai'}.${type.name}`;
}

export function isUnion(type: AvroType): type is readonly AvroType[] {
  return Array.isArray(type);
}

/** All named types that a file defines, in the order of definition. */
export function definitionsOf(schema: AvroType): Map<string, AvroEnum | AvroRecord> {
  const found = new Map<string, AvroEnum | AvroRecord>();
  collect(schema, found);
  return found;
}

/** The definition behind a name; anything else is itself. */
export function resolve(type: AvroType, definitions: Definitions): Definition {
  return typeof type === 'string' ? (definitions.get(type) ?? type) : type;
}

function collect(type: AvroType, found: Map<string, AvroEnum | AvroRecord>): void {
  if (typeof type === 'string') return;
  if (isUnion(type)) {
    for (const branch of type) collect(branch, found);
  } else if (type.type === 'array') {
    collect(type.items, found);
  } else if (type.type === 'enum') {
    found.set(fullName(type), type);
  } else if (type.type === 'record') {
    found.set(fullName(type), type);
    for (const field of type.fields) collect(field.type, found);
  }
}
