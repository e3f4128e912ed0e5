import { isDeepStrictEqual } from 'node:util';
import type { AvroEnum, AvroField, AvroRecord, AvroType } from '../avro.ts';
import type { Problem } from './problem.ts';
import { definitionsOf, fullName, isUnion, resolve } from './resolve.ts';

type Report = (field: string, rule: string, remedy: string) => void;

const piiClasses: readonly unknown[] = ['none', 'pseudonym', 'identifier', 'sensitive'];
const personal =
  /(^|_)(phone|email|cust_id|line_id|fb_id|ig_id|open_id|device_id|cookie|mac|face_id|birthday|gender|household_id|session_id|agent_id|cashier_id)$/;
const unitOfSuffix: readonly (readonly [suffix: RegExp, unit: string])[] = [
  [/_per_h$/, 'per_hour'],
  [/_cents$/, 'cents'],
  [/_ms$/, 'ms'],
  [/_s$/, 's'],
  [/_m2$/, 'm2'],
  [/_cm3$/, 'cm3'],
  [/_dbm$/, 'dBm'],
  [/_g$/, 'g'],
  [/_m$/, 'm'],
  [/_days$/, 'd'],
];
/** The record that attribution writes over the head of an encoded event, byte by byte. */
const frozenLink = [
  ['uni_id', 'string'],
  ['epoch', 'long'],
  ['anchor', 'string'],
];

/** What is wrong with one record by itself. */
export function lintRecord(schema: AvroRecord): Problem[] {
  const problems: Problem[] = [];
  const definitions = definitionsOf(schema);
  for (const definition of definitions.values()) {
    const report: Report = (field, rule, remedy) => {
      const place = definition === schema ? field : [definition.name, field].filter(Boolean).join('.');
      problems.push({ record: fullName(schema), field: place, rule, remedy });
    };
    if (!isSentence(definition.doc)) report('', 'has no doc', 'Say in a sentence what it is');
    if (definition.type === 'enum') lintEnum(definition, report);
    else for (const field of definition.fields) lintField(field, definition, definitions, report);
  }
  return problems;
}

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

function lintEnum(type: AvroEnum, report: Report): void {
  if (type.default !== 'unknown' && type.default !== 'other') {
    report(
      '',
      'the enum has no default',
      'Give it the default unknown or other, so that symbols can be added',
    );
  } else if (!type.symbols.includes(type.default)) {
    report('', `the default ${type.default} is no symbol`, 'Add the symbol');
  }
}

function lintField(
  field: AvroField,
  owner: AvroRecord,
  definitions: ReturnType<typeof definitionsOf>,
  report: Report,
): void {
  const { name, type } = field;
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)) report(name, 'is not in snake_case', 'Rename it');
  if (!isSentence(field.doc)) report(name, 'has no doc', 'Say in a sentence what it is');
  lintPersonal(field, owner, report);
  lintUnit(field, report);
  lintDefault(field, owner, report);
  const resolved = resolve(type, definitions);
  if (typeof resolved === 'string' || isUnion(resolved) || resolved.type !== 'enum') return;
  if (typeof field.default !== 'string' || !resolved.symbols.includes(field.default)) {
    report(name, 'has no default among the symbols of its enum', 'Give it one');
  }
}

function lintPersonal(field: AvroField, owner: AvroRecord, report: Report): void {
  const { name, pii, identifier, scope_field: scopeField } = field;
  if (!piiClasses.includes(pii)) {
    report(name, 'has no pii class', 'Set pii to none, pseudonym, identifier or sensitive');
  } else if (pii === 'none' && personal.test(name)) {
    report(
      name,
      'looks personal but has pii none',
      'Set its pii class, and identifier where a token belongs',
    );
  }
  if (identifier !== undefined && pii !== 'identifier') {
    report(name, 'holds an identifier but has another pii class', 'Set pii to identifier');
  }
  if (scopeField !== undefined && !owner.fields.some((other) => other.name === scopeField)) {
    report(name, `takes its scope from ${scopeField}, which is not there`, 'Name a field of the record');
  }
}

function lintUnit({ name, type, unit }: AvroField, report: Report): void {
  const inner = isUnion(type) ? type.at(-1) : type;
  if (inner === undefined || (typeof inner === 'string' && !/^(int|long|double)$/.test(inner))) return;
  if (typeof inner !== 'string' && 'logicalType' in inner) {
    if (inner.logicalType === 'timestamp-millis' && unit !== 'ms') {
      report(name, 'is a time without unit ms', 'Set unit to ms');
    }
    return;
  }
  const expected = unitOfSuffix.find(([suffix]) => suffix.test(name))?.[1];
  if (typeof inner === 'string' && expected !== undefined && unit !== expected) {
    report(name, `the unit is not ${expected}, as its name says`, `Set unit to ${expected}`);
  }
}

function lintDefault({ name, type, default: given }: AvroField, owner: AvroRecord, report: Report): void {
  const isNullable = isUnion(type) && type[0] === 'null';
  if (isNullable && given !== null)
    report(name, 'is nullable without default null', 'Set the default to null');
  if (given !== undefined || isNullable) return;
  const isId = type === 'string' || name === 'event_time' || fullName(owner) === 'zhongtai.Link';
  const isDay = typeof type !== 'string' && 'logicalType' in type && type.logicalType === 'date';
  if (!isId && !isDay) report(name, 'has no default', 'Only ids may go without: give it a default');
}

function isSentence(doc: unknown): boolean {
  return typeof doc === 'string' && doc.trim().length >= 4;
}
