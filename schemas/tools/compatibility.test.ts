import { describe, expect, it } from '@jest/globals';
import avro from 'avsc';
import type { AvroEnum, AvroField, AvroRecord, AvroType } from '../avro.ts';
import { incompatibilities } from './compatibility.ts';

const record = (...fields: readonly AvroField[]): AvroRecord => ({
  type: 'record',
  name: 'OrderPlaced',
  namespace: 'zhongtai.order',
  doc: 'An order.',
  fields: [field('order_id', 'string'), ...fields],
});
function field(name: string, type: AvroType, more: Partial<AvroField> = {}): AvroField {
  return { name, type, doc: 'A field.', pii: 'none', ...more };
}
const kind = (symbols: readonly string[], more: Partial<AvroEnum> = { default: 'other' }): AvroEnum => ({
  type: 'enum',
  name: 'Kind',
  namespace: 'zhongtai',
  doc: 'A kind.',
  symbols,
  ...more,
});
const line = (...fields: readonly AvroField[]): AvroType => ({
  type: 'array',
  items: { type: 'record', name: 'Line', namespace: 'zhongtai', doc: 'A line.', fields },
});
const note = field('note', ['null', 'string'], { default: null });
const count = (type: AvroType) => field('count', type, { default: 0 });
const lines = (...fields: readonly AvroField[]) => field('lines', line(...fields), { default: [] });
const kinds = (...symbols: readonly string[]) => field('kind', kind(symbols), { default: 'other' });

type Case = readonly [change: string, before: AvroRecord, after: AvroRecord];

const compatible: readonly Case[] = [
  ['nothing', record(note), record(note)],
  ['a field with a default is added', record(), record(note)],
  ['a field with a default is removed', record(note), record()],
  ['fields change places', record(note, count('long')), record(count('long'), note)],
  ['a symbol is added', record(kinds('a', 'other')), record(kinds('a', 'b', 'other'))],
  ['a symbol is removed', record(kinds('a', 'b', 'other')), record(kinds('a', 'other'))],
  ['a field of a line is added', record(lines(count('int'))), record(lines(count('int'), note))],
];

const broken: readonly (readonly [...Case, place: string, rule: RegExp])[] = [
  ['a field without default', record(), record(field('sku', 'string')), 'sku', /no default/],
  ['a removed id', record(field('sku', 'string')), record(), 'sku', /was removed/],
  ['int to long', record(count('int')), record(count('long')), 'count', /from int to long/],
  [
    'long to string',
    record(count('long')),
    record(field('count', 'string', { default: '' })),
    'count',
    /type/,
  ],
  [
    'value to nullable',
    record(field('a', 'string', { default: '' })),
    record(field('a', ['null', 'string'], { default: null })),
    'a',
    /from string to null \| string/,
  ],
  [
    'another branch',
    record(note),
    record(field('note', ['null', 'long'], { default: null })),
    'note',
    /null \| long/,
  ],
  [
    'deep in a line',
    record(lines(count('int'))),
    record(lines(count('double'))),
    'lines.count',
    /int to double/,
  ],
  ['no default in a line', record(lines()), record(lines(field('sku', 'string'))), 'lines.sku', /no default/],
  [
    'a symbol without enum default',
    record(field('kind', kind(['a', 'other'], {}), { default: 'other' })),
    record(field('kind', kind(['a', 'b', 'other'], {}), { default: 'other' })),
    'kind',
    /symbols were added \(b\)/,
  ],
  ['another record', record(), { ...record(), name: 'OrderMade' }, '', /is called zhongtai.order.OrderMade/],
];

/** Changes that Avro lets pass and we do not: the bytes fit, the meaning does not. */
const misread: readonly (readonly [...Case, place: string, rule: RegExp])[] = [
  [
    'a new unit',
    record(field('t', 'long', { default: 0, unit: 's' })),
    record(field('t', 'long', { default: 0, unit: 'ms' })),
    't',
    /unit changed from s to ms/,
  ],
  [
    'a new token type',
    record(field('a', 'string', { identifier: 'phone' })),
    record(field('a', 'string', { identifier: 'email' })),
    'a',
    /identifier type/,
  ],
  [
    'a long becomes a time',
    record(count('long')),
    record(count({ type: 'long', logicalType: 'timestamp-millis' })),
    'count',
    /timestamp-millis/,
  ],
  [
    'the default is taken away',
    record(field('a', 'string', { default: '' })),
    record(field('a', 'string')),
    'a',
    /default was taken away/,
  ],
  [
    'the enum loses its default',
    record(kinds('a', 'other')),
    record(field('kind', kind(['a', 'other'], {}), { default: 'other' })),
    'kind',
    /lost its default/,
  ],
];

/** What avsc says: can a reader of the one read what a writer of the other wrote? */
function avscReads(reader: AvroRecord, writer: AvroRecord): boolean {
  const parse = (schema: AvroRecord) => avro.Type.forSchema(JSON.parse(JSON.stringify(schema)));
  try {
    parse(reader).createResolver(parse(writer));
    return true;
  } catch {
    return false;
  }
}

describe('changes that both versions can read', () => {
  it.each(compatible)('%s', (_, before, after) => {
    expect(incompatibilities(before, after)).toEqual([]);
    expect([avscReads(after, before), avscReads(before, after)]).toEqual([true, true]);
  });
});

describe('changes that break a reader, named by field', () => {
  it.each(broken)('%s', (_, before, after, place, rule) => {
    const [problem, ...others] = incompatibilities(before, after);
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ record: 'zhongtai.order.OrderPlaced', field: place });
    expect(problem?.rule).toMatch(rule);
    expect(problem?.remedy).not.toBe('');
    expect(avscReads(after, before) && avscReads(before, after) && place !== '').toBe(false);
  });
});

describe('changes that Avro reads but whose meaning differs', () => {
  it.each(misread)('%s', (_, before, after, place, rule) => {
    const [problem] = incompatibilities(before, after);
    expect(problem?.field).toBe(place);
    expect(problem?.rule).toMatch(rule);
  });
});
