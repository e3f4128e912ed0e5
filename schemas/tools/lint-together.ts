import { isDeepStrictEqual } from 'node:util';
import type { AvroEnum, AvroRecord, AvroType } from '../avro.ts';
import type { Problem } from './problem.ts';
import { definitionsOf, fullName, isUnion } from './resolve.ts';

/** The record that attribution writes over the head of an encoded event, byte by byte. */
const frozenLink = [
  ['uni_id', 'string'],
  ['epoch', 'long'],
  ['anchor', 'string'],
];

/** What is wrong with an event's head: exactly the envelope, `link` first, Link as it always was. */
export function lintEnvelope(schema: AvroRecord, envelope: AvroRecord): Problem[] {
  const problems: Problem[] = [];
  const record = fullName(schema);
  for (const [at, field] of envelope.fields.entries()) {
    if (isDeepStrictEqual(schema.fields[at], field)) continue;
    const rule = `field ${at} is not the field of the envelope`;
    problems.push({ record, field: field.name, rule, remedy: 'Run node scripts/generate-types.ts' });
    break;
  }
  const link = definitionsOf(schema).get('zhongtai.Link');
  const shape = link?.type === 'record' ? link.fields.map(({ name, type }) => [name, type]) : [];
  const [first] = schema.fields;
  const isFirst = isDeepStrictEqual(first?.default, null) && first?.name === 'link' && isUnion(first.type);
  if (!isFirst || !isDeepStrictEqual(shape, frozenLink)) {
    const rule = 'is not field 0 with the frozen Link {uni_id, epoch, anchor}';
    problems.push({ record, field: 'link', rule, remedy: 'Leave link and Link as they were' });
  }
  return problems;
}

/** A shared type means the same wherever it is written out. */
export function lintSharedTypes(schemas: readonly AvroRecord[]): Problem[] {
  const known = new Map<string, { readonly type: AvroEnum | AvroRecord; readonly record: string }>();
  const problems: Problem[] = [];
  for (const schema of schemas) {
    for (const [name, type] of definitionsOf(schema)) {
      const first = known.get(name);
      if (first === undefined) known.set(name, { type, record: fullName(schema) });
      else if (!isDeepStrictEqual(expand(first.type), expand(type))) {
        const rule = `${name} is not as in ${first.record}`;
        problems.push({
          record: fullName(schema),
          field: '',
          rule,
          remedy: 'Make the two alike, or rename one',
        });
      }
    }
  }
  return problems;
}

/** Names and definitions of the same type are alike, for which of them comes first differs by file. */
function expand(type: AvroType): unknown {
  if (typeof type === 'string') return type.split('.').at(-1);
  if (isUnion(type)) return type.map(nameOrExpand);
  if (type.type === 'record') {
    return { ...type, fields: type.fields.map((field) => ({ ...field, type: nameOrExpand(field.type) })) };
  }
  return type.type === 'array' ? { ...type, items: nameOrExpand(type.items) } : type;
}

function nameOrExpand(type: AvroType): unknown {
  const isNamed =
    typeof type !== 'string' && !isUnion(type) && (type.type === 'record' || type.type === 'enum');
  return isNamed ? type.name : expand(type);
}
