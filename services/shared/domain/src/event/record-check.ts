import { type AvroField, type AvroNode, parseRecordSchema } from './avro-node.ts';
import type { Fault } from './fault.ts';
import {
  type Check,
  createBooleanCheck,
  createDayCheck,
  createEnumCheck,
  createIntCheck,
  createLongCheck,
  createNumberCheck,
  createStringCheck,
  createTimeCheck,
  misfit,
  type ValueLimits,
} from './scalar.ts';

/** A record in the making: every field of the schema is there, in its order. */
export type DraftRecord = Record<string, unknown>;
export type RecordCheck = (value: unknown, fault: Fault) => DraftRecord | undefined;

/** How the top level of an event differs from its schema. */
export interface EnvelopeRules {
  /** Fields that no sender may name; the record gets the value. */
  readonly closed: ReadonlyMap<string, unknown>;
  /** Fields that the platform fills when absent; the value stands in until then. */
  readonly filled: ReadonlyMap<string, unknown>;
}

const NO_RULES: EnvelopeRules = { closed: new Map(), filled: new Map() };

/**
 * Compiles the check of a record from the text of its .avsc. The check answers with a new record that has every
 * field of the schema in its order, defaults filled in; unknown fields are refused.
 */
export function compileRecordCheck(
  schemaText: string,
  limits: ValueLimits,
  rules: EnvelopeRules = NO_RULES,
): RecordCheck {
  return recordCheck(parseRecordSchema(schemaText).fields, limits, rules);
}

function checkOf(node: AvroNode, limits: ValueLimits): Check {
  switch (node.kind) {
    case 'null':
      return (value, fault) => (value === null ? null : misfit(value, 'null', limits, fault));
    case 'boolean':
      return createBooleanCheck(limits);
    case 'int':
      return createIntCheck(limits);
    case 'day':
      return createDayCheck(limits);
    case 'long':
      return node.time ? createTimeCheck(limits) : createLongCheck(limits);
    case 'float':
    case 'double':
      return createNumberCheck(limits);
    case 'string':
      return createStringCheck(limits);
    case 'enum':
      return createEnumCheck(node.symbols, limits);
    case 'array':
      return arrayCheck(checkOf(node.items, limits), limits);
    case 'map':
      return mapCheck(checkOf(node.values, limits), limits);
    case 'union':
      return unionCheck(node.branches, limits);
    case 'record':
      return recordCheck(node.fields, limits, NO_RULES);
  }
}

function arrayCheck(item: Check, limits: ValueLimits): Check {
  return (value, fault) => {
    if (!Array.isArray(value)) return misfit(value, 'an array', limits, fault);
    if (value.length > limits.maxItems) {
      return fault.raise('TOO-LONG', `has more than ${limits.maxItems} entries (${value.length})`);
    }
    const checked: unknown[] = [];
    for (let index = 0; index < value.length; index += 1) {
      checked.push(item(value[index], fault));
      if (fault.raised) return fault.under(index);
    }
    return checked;
  };
}

function mapCheck(entry: Check, limits: ValueLimits): Check {
  const name = createStringCheck(limits);
  return (value, fault) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return misfit(value, 'an object', limits, fault);
    }
    const entries = Object.entries(value);
    if (entries.length > limits.maxItems) {
      return fault.raise('TOO-LONG', `has more than ${limits.maxItems} entries (${entries.length})`);
    }
    const checked: [string, unknown][] = [];
    for (const [key, given] of entries) {
      name(key, fault);
      checked.push([key, fault.raised ? undefined : entry(given, fault)]);
      if (fault.raised) return fault.under(key);
    }
    return Object.fromEntries(checked);
  };
}

function unionCheck(branches: readonly AvroNode[], limits: ValueLimits): Check {
  const checks = branches.filter((branch) => branch.kind !== 'null').map((branch) => checkOf(branch, limits));
  const nullable = checks.length < branches.length;
  const [first = checkOf({ kind: 'null' }, limits), ...others] = checks;
  return (value, fault) => {
    if (value === null && nullable) return null;
    let checked = first(value, fault);
    for (const other of others) {
      if (!fault.raised) break;
      fault.reset();
      checked = other(value, fault);
    }
    return checked;
  };
}

/** What a field becomes when the sender leaves it out; undefined when the sender may not. */
function absentValue(field: AvroField, rules: EnvelopeRules): { readonly value: unknown } | undefined {
  if (rules.filled.has(field.name)) return { value: rules.filled.get(field.name) };
  if (field.required) return undefined;
  if (field.fallback !== undefined) return field.fallback;
  const { node } = field;
  return node.kind === 'union' && node.branches.some((branch) => branch.kind === 'null')
    ? { value: null }
    : undefined;
}

function fieldCheck(field: AvroField, limits: ValueLimits, rules: EnvelopeRules): Check {
  const present = checkOf(field.node, limits);
  const absent = absentValue(field, rules);
  return (value, fault) => {
    if (value !== undefined) return present(value, fault);
    return absent === undefined ? fault.raise('MISSING', 'is required') : absent.value;
  };
}

/**
 * The check of a record is generated: each field is read by its own name and the new record is one literal.
 * Written as a loop over names, V8 would keep the records as dictionaries and both this and the Avro encoder
 * would be several times slower. Only Avro names (letters, digits, _) get into the text.
 */
function recordCheck(fields: readonly AvroField[], limits: ValueLimits, rules: EnvelopeRules): RecordCheck {
  const open = fields.filter((field) => !rules.closed.has(field.name));
  const known = new Set(open.map((field) => field.name));
  const notAnObject: Check = (value, fault) => misfit(value, 'an object', limits, fault);
  const unknownField = (input: Readonly<Record<string, unknown>>, name: string, fault: Fault): undefined => {
    if (isTooDeep(input[name], limits, fault)) return fault.under(name);
    fault.raise('UNKNOWN-FIELD', 'is no field of this record');
    return fault.under(name.slice(0, 200).toWellFormed());
  };
  const steps = open.map(
    ({ name }, index) =>
      `const v${index} = checks[${index}](input.${name}, fault); if (fault.raised) return fault.under('${name}');`,
  );
  const members = fields.map(({ name }) =>
    rules.closed.has(name)
      ? `${name}: closed.get('${name}')`
      : `${name}: v${open.findIndex((o) => o.name === name)}`,
  );
  const body = `return function check(input, fault) {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) return notAnObject(input, fault);
    for (const name in input) if (!known.has(name) && hasOwn(input, name)) return unknownField(input, name, fault);
    ${steps.join('\n    ')}
    return { ${members.join(', ')} };
  };`;
  // A decoded Avro record has methods on its prototype, which `in` shows too.
  const names = ['checks', 'closed', 'known', 'hasOwn', 'notAnObject', 'unknownField'];
  const build = new Function(...names, body);
  const checks = open.map((field) => fieldCheck(field, limits, rules));
  return build(checks, rules.closed, known, Object.hasOwn, notAnObject, unknownField);
}

function isTooDeep(value: unknown, limits: ValueLimits, fault: Fault): boolean {
  misfit(value, 'absent', limits, fault);
  return fault.code === 'TOO-DEEP';
}
