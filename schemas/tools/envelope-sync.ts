import type { AvroField, AvroRecord, AvroType } from '../avro.ts';

/**
 * Puts the envelope at the head of an event record. The fields of the former envelope go, whatever they
 * were called; the record's own fields stay, with named types written out where they now come first.
 */
export function withEnvelope(schema: AvroRecord, envelope: AvroRecord, former: AvroRecord): AvroRecord {
  const names = new Set([...envelope.fields, ...former.fields].map((field) => field.name));
  const definitions = new Map<string, AvroType>();
  collect(former, definitions);
  collect(schema, definitions);
  collect(envelope, definitions);
  const own = schema.fields.filter((field) => !names.has(field.name));
  const seen = new Set<string>();
  const fields = [...envelope.fields, ...own].map((field) => rewrite(field, definitions, seen));
  return { ...schema, fields };
}

function collect(type: AvroType, definitions: Map<string, AvroType>): void {
  if (typeof type === 'string') return;
  if (isUnion(type)) {
    for (const branch of type) collect(branch, definitions);
  } else if (type.type === 'array') {
    collect(type.items, definitions);
  } else if (type.type === 'enum') {
    definitions.set(fullName(type), type);
  } else if (type.type === 'record') {
    definitions.set(fullName(type), type);
    for (const field of type.fields) collect(field.type, definitions);
  }
}

function rewrite(field: AvroField, definitions: ReadonlyMap<string, AvroType>, seen: Set<string>): AvroField {
  return { ...field, type: place(field.type, definitions, seen) };
}

/** A named type is written out at its first use and named afterwards. */
function place(type: AvroType, definitions: ReadonlyMap<string, AvroType>, seen: Set<string>): AvroType {
  if (typeof type === 'string') {
    const definition = definitions.get(type);
    return definition === undefined || seen.has(type) ? type : place(definition, definitions, seen);
  }
  if (isUnion(type)) return type.map((branch) => place(branch, definitions, seen));
  if (type.type === 'array') return { ...type, items: place(type.items, definitions, seen) };
  if (type.type !== 'enum' && type.type !== 'record') return type;
  const name = fullName(type);
  if (seen.has(name)) return name;
  seen.add(name);
  const definition = definitions.get(name) ?? type;
  if (typeof definition === 'string' || isUnion(definition) || definition.type !== 'record')
    return definition;
  return { ...definition, fields: definition.fields.map((field) => rewrite(field, definitions, seen)) };
}

function fullName(type: { readonly name: string; readonly namespace?: string }): string {
  return `${type.namespace ?? 'zhongtai'}.${type.name}`;
}

function isUnion(type: AvroType): type is readonly AvroType[] {
  return Array.isArray(type);
}
