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
    else {
      for (const field of definition.fields) {
        lintField(field, definition, definitions, report);
        if (definition !== schema) lintNested(field, report);
      }
    }
  }
  return problems;
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

/** Where clear values come in, fields are replaced one by one; what lies deeper would stay in clear. */
function lintNested({ name, identifier, free_text: freeText }: AvroField, report: Report): void {
  if (identifier === undefined && freeText === undefined) return;
  report(
    name,
    'an identifier or free text lies within a field',
    'Put it among the fields of the record itself',
  );
}

function lintPersonal(field: AvroField, owner: AvroRecord, report: Report): void {
  const { name, pii, identifier, scope_field: scopeField, randomised_field: randomisedField } = field;
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
  if (identifier !== undefined && !holdsText(field.type)) {
    report(
      name,
      'holds an identifier but is no text',
      'Use string, a nullable string or an array of strings',
    );
  }
  if (field.page_address === true && field.free_text !== true) {
    report(name, 'is the address of a page but no free text', 'Set free_text: paths quote contact addresses');
  }
  if (field.low_cardinality === true && !holdsText(field.type)) {
    report(name, 'has few distinct values but is no text', 'Take low_cardinality away');
  }
  const flag = owner.fields.find((other) => other.name === randomisedField);
  if (randomisedField !== undefined && flag?.type !== 'boolean') {
    report(
      name,
      `says in ${randomisedField} that it was random, which is no boolean`,
      'Name a boolean field',
    );
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

function holdsText(type: AvroType): boolean {
  if (typeof type === 'string') return type === 'string';
  if (isUnion(type)) return type.length === 2 && type[0] === 'null' && type[1] === 'string';
  return type.type === 'array' && type.items === 'string';
}

function isSentence(doc: unknown): boolean {
  return typeof doc === 'string' && doc.trim().length >= 4;
}
