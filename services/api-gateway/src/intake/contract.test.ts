import { describe, expect, it } from '@jest/globals';
import { type AvroNode, Fault, parseRecordSchema } from '@zhongtai/domain';
import { schemaText, topics } from '@zhongtai/schemas';
import fc from 'fast-check';
import { compilePlans } from './plans.ts';

const limits = { maxStringLength: 32_768, maxItems: 2000, maxDepth: 16 };
const plans = compilePlans({ topics, schemaText }, limits);
const names = [...plans.events.keys()];

/** Any value of a type, in the forms that a sender may use. */
function arbitraryOf(node: AvroNode): fc.Arbitrary<unknown> {
  switch (node.kind) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'int':
      return fc.integer();
    case 'day':
      return fc.integer({ min: -25_567, max: 120_529 });
    case 'long':
      if (node.time) return fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2300, 0, 1) - 1 });
      return fc.oneof(
        fc.maxSafeInteger(),
        fc.maxSafeInteger().map(String),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
      );
    case 'float':
    case 'double':
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case 'string':
      return fc.string({ unit: 'grapheme', maxLength: 30 });
    case 'enum':
      return fc.constantFrom(...node.symbols);
    case 'array':
      return fc.array(arbitraryOf(node.items), { maxLength: 3 });
    case 'map':
      return fc.dictionary(fc.string(), arbitraryOf(node.values), { maxKeys: 3 });
    case 'union':
      return fc.oneof(...node.branches.map(arbitraryOf));
    case 'record':
      return sampleOf(node);
  }
}

function sampleOf(node: AvroNode & { kind: 'record' }): fc.Arbitrary<Record<string, unknown>> {
  const open = node.fields.filter((field) => field.name !== 'link');
  const required = open
    .filter((field) => field.required || field.fallback === undefined)
    .map((field) => field.name);
  return fc.record(Object.fromEntries(open.map((field) => [field.name, arbitraryOf(field.node)])), {
    requiredKeys: required,
    noNullPrototype: true,
  });
}

function eventOf(name: string): fc.Arbitrary<[name: string, sample: Record<string, unknown>]> {
  const plan = plans.events.get(name);
  const sample =
    plan === undefined ? fc.constant({}) : sampleOf(parseRecordSchema(schemaText(plan.record.name)));
  return sample.map((event) => [name, { ...event, event_type: name }]);
}

const anyEvent = fc.constantFrom(...names).chain(eventOf);

function check(name: string, value: unknown): string {
  const fault = new Fault();
  plans.events.get(name)?.check(value, fault);
  return fault.raised ? `${fault.codeFor('ZT-GATEWAY')} ${fault.path}` : 'ok';
}

describe('the checks of the contract', () => {
  it('cover every event and reference record', () => {
    expect(names.length).toBeGreaterThan(60);
    expect(plans.references.size).toBeGreaterThan(15);
  });

  it('never throw, whatever JSON comes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 6 }), (name, value) => {
        expect(check(name, value)).toMatch(/^(ok|ZT-GATEWAY-[A-Z-]+ (\/.*)?)$/s);
      }),
      { numRuns: 500 },
    );
  });

  it('let every valid sample pass', () => {
    fc.assert(
      fc.property(anyEvent, ([name, sample]) => {
        expect(check(name, JSON.parse(JSON.stringify(sample)))).toBe('ok');
      }),
      { numRuns: 500 },
    );
  });

  it('name the way to the one field that is wrong', () => {
    const spoilt = fc.tuple(anyEvent, fc.nat()).map(([[name, sample], at]) => ({
      name,
      sample,
      field: Object.keys(sample)[at % Object.keys(sample).length],
    }));
    fc.assert(
      fc.property(spoilt, ({ name, sample, field = 'event_type' }) => {
        // No type of the contract takes a list that holds an object of unknown fields.
        const wrong = { ...sample, [field]: [{ '?': 1 }] };
        expect(check(name, wrong)).toMatch(new RegExp(`^ZT-GATEWAY-(TYPE|UNKNOWN-FIELD|MISSING) /${field}`));
      }),
      { numRuns: 500 },
    );
  });
});
