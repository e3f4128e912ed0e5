import type { AvroField, AvroRecord, AvroType } from '../avro.ts';
import { type Definitions, definitionsOf, fullName, isUnion } from './resolve.ts';

/**
 * Puts the envelope at the head of an event record. The fields of the former envelope go, whatever they
 * were called; the record's own fields stay, with named types written out where they now come first.
 */
export function withEnvelope(schema: AvroRecord, envelope: AvroRecord, former: AvroRecord): AvroRecord {
  const names = new Set([...envelope.fields, ...former.fields].map((field) => field.name));
  const definitions = new Map([
    ...definitionsOf(former),
    ...definitionsOf(schema),
    ...definitionsOf(envelope),
  ]);
  const own = schema.fields.filter((field) => !names.has(field.name));
  const seen = new Set<string>();
  const fields = [...envelope.fields, ...own].map((field) => rewrite(field, definitions, seen));
  return { ...schema, fields };
}

function rewrite(field: AvroField, definitions: Definitions, seen: Set<string>): AvroField {
  return { ...field, type: place(field.type, definitions, seen) };
}

/** A named type is written out at its first use and named afterwards. */
function place(type: AvroType, definitions: Definitions, seen: Set<string>): AvroType {
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
