import type { AvroEnum, AvroField, AvroRecord, AvroType } from '../avro.ts';
import type { Problem } from './problem.ts';
import { type Definition, type Definitions, definitionsOf, fullName, isUnion, resolve } from './resolve.ts';

type Report = (field: string, rule: string, remedy: string) => void;

interface Sides {
  readonly before: Definitions;
  readonly after: Definitions;
  readonly report: Report;
}

const newField = 'Give the new meaning a new field with a default and leave the old one as it is';

/**
 * What keeps two versions of a record from reading each other, in both directions (FULL): readers and
 * writers are never updated at one moment, and the topics hold records of both versions.
 */
export function incompatibilities(before: AvroRecord, after: AvroRecord): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (field, rule, remedy) => {
    problems.push({ record: fullName(before), field, rule, remedy });
  };
  const sides = { before: definitionsOf(before), after: definitionsOf(after), report };
  compareRecords(before, after, '', sides);
  return problems;
}

function compareRecords(before: AvroRecord, after: AvroRecord, path: string, sides: Sides): void {
  if (fullName(before) !== fullName(after)) {
    sides.report(path, `the record is called ${fullName(after)} now`, 'Keep the name');
    return;
  }
  const former = new Map(before.fields.map((field) => [field.name, field]));
  for (const field of after.fields) {
    const match = former.get(field.name);
    former.delete(field.name);
    const at = join(path, field.name);
    if (match !== undefined) compareFields(match, field, at, sides);
    else if (field.default === undefined) {
      sides.report(at, 'a new field has no default', 'Give it a default, so that old records can be read');
    }
  }
  for (const field of former.values()) {
    if (field.default !== undefined) continue;
    const rule = 'a field without default was removed';
    sides.report(join(path, field.name), rule, 'Keep it: old readers cannot do without');
  }
}

function compareFields(before: AvroField, after: AvroField, path: string, sides: Sides): void {
  if (before.default !== undefined && after.default === undefined) {
    sides.report(path, 'the default was taken away', 'Keep a default: versions without the field exist');
  }
  if (before.unit !== after.unit) {
    sides.report(path, `the unit changed from ${before.unit ?? 'none'} to ${after.unit ?? 'none'}`, newField);
  }
  if (before.identifier !== after.identifier || before.scope_field !== after.scope_field) {
    sides.report(path, 'the identifier type or its scope changed, so the tokens would not match', newField);
  }
  compareTypes(before.type, after.type, path, sides);
}

function compareTypes(before: AvroType, after: AvroType, path: string, sides: Sides): void {
  const from = resolve(before, sides.before);
  const to = resolve(after, sides.after);
  if (compareInside(from, to, path, sides) || nameOf(from) === nameOf(to)) return;
  sides.report(path, `the type changed from ${nameOf(from)} to ${nameOf(to)}`, newField);
}

/** Looks into two types of one kind; false when they are of different kinds or have no inside. */
function compareInside(from: Definition, to: Definition, path: string, sides: Sides): boolean {
  if (typeof from === 'string' || typeof to === 'string') return false;
  if (isUnion(from) || isUnion(to)) {
    if (!isUnion(from) || !isUnion(to)) return false;
    compareUnions(from, to, path, sides);
  } else if (from.type === 'array' && to.type === 'array') {
    compareTypes(from.items, to.items, path, sides);
  } else if (from.type === 'enum' && to.type === 'enum') {
    compareEnums(from, to, path, sides);
  } else if (from.type === 'record' && to.type === 'record') {
    compareRecords(from, to, path, sides);
  } else {
    return false;
  }
  return true;
}

function compareUnions(
  before: readonly AvroType[],
  after: readonly AvroType[],
  path: string,
  sides: Sides,
): void {
  const from = before.map((branch) => nameOf(resolve(branch, sides.before)));
  const to = after.map((branch) => nameOf(resolve(branch, sides.after)));
  if ([...from].sort().join() !== [...to].sort().join()) {
    sides.report(path, `the type changed from ${from.join(' | ')} to ${to.join(' | ')}`, newField);
    return;
  }
  for (const [at, branch] of before.entries()) {
    const match = after[to.indexOf(from[at] ?? '')];
    if (match !== undefined) compareTypes(branch, match, path, sides);
  }
}

function compareEnums(before: AvroEnum, after: AvroEnum, path: string, sides: Sides): void {
  if (fullName(before) !== fullName(after)) {
    sides.report(path, `the enum is called ${fullName(after)} now`, 'Keep the name');
    return;
  }
  const added = after.symbols.filter((symbol) => !before.symbols.includes(symbol));
  const removed = before.symbols.filter((symbol) => !after.symbols.includes(symbol));
  if (added.length > 0 && !hasDefault(before)) {
    const rule = `symbols were added (${added.join(', ')}) to an enum without a default`;
    sides.report(path, rule, 'Old readers cannot read them: use a new field with an enum that has a default');
  }
  if (removed.length > 0 && !hasDefault(after)) {
    sides.report(
      path,
      `symbols were removed (${removed.join(', ')})`,
      'Keep them, or give the enum a default',
    );
  }
  if (hasDefault(before) && !hasDefault(after)) {
    sides.report(path, 'the enum lost its default', 'Keep the default: it is what lets symbols be added');
  }
}

function hasDefault(type: AvroEnum): boolean {
  return type.default !== undefined && type.symbols.includes(type.default);
}

function nameOf(type: Definition): string {
  if (typeof type === 'string') return type;
  if (isUnion(type)) return type.map((branch) => nameOf(branch)).join(' | ');
  if (type.type === 'enum' || type.type === 'record') return fullName(type);
  if (type.type === 'array') return 'array';
  return `${type.type} (${type.logicalType})`;
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
