import { describe, expect, it } from '@jest/globals';
import type { AvroField, AvroRecord } from '../avro.ts';
import { schemaOf, topics } from '../index.ts';
import { lintRecord } from './lint.ts';
import { lintEnvelope, lintSharedTypes } from './lint-together.ts';

const envelope = schemaOf('zhongtai.Envelope');
const placed = schemaOf('zhongtai.order.OrderPlaced');
const records = Object.values(topics).flatMap((topic) => topic.records.map((record) => ({ topic, record })));

/** The record with one field changed. */
function changed(name: string, more: Partial<AvroField>): AvroRecord {
  const fields = placed.fields.map((field) => (field.name === name ? { ...field, ...more } : field));
  return { ...placed, fields };
}

describe('the records of the catalogue', () => {
  it.each(records.map(({ record }) => record.name))('%s is well-formed', (name) => {
    expect(lintRecord(schemaOf(name))).toEqual([]);
  });
  it.each(records.filter(({ topic }) => topic.leg === 'highway').map(({ record }) => record.name))(
    '%s begins with exactly the envelope',
    (name) => {
      expect(schemaOf(name).fields.slice(0, envelope.fields.length)).toEqual(envelope.fields);
      expect(lintEnvelope(schemaOf(name), envelope)).toEqual([]);
    },
  );
  it('mean the same by the same name', () => {
    expect(lintSharedTypes([envelope, ...records.map(({ record }) => schemaOf(record.name))])).toEqual([]);
  });
  it('have the same order in order_placed and pos_sale', () => {
    const own = (schema: AvroRecord) => schema.fields.slice(envelope.fields.length);
    const sale = own(schemaOf('zhongtai.order.PosSale'));
    const same = own(placed).map((field) =>
      field.name === 'fulfil' ? { ...field, default: 'cash_carry' } : field,
    );
    expect(sale.slice(0, same.length)).toEqual(same);
  });
});

describe('a mistake is named', () => {
  it.each<[string, string, Partial<AvroField>, RegExp]>([
    ['no doc', 'order_id', { doc: '' }, /has no doc/],
    ['no pii class', 'order_id', { pii: undefined as never }, /no pii class/],
    ['a personal field as none', 'recipient_phone', { pii: 'none' }, /looks personal/],
    ['a wrong unit', 'net_cents', { unit: 'TWD' }, /unit is not cents/],
    ['a time without unit', 'promised_at', { unit: undefined as never }, /without unit ms/],
    ['a nullable without default', 'marketplace', { default: undefined }, /without default null/],
    ['a number without default', 'net_cents', { default: undefined }, /has no default/],
    ['a default that is no symbol', 'fulfil', { default: 'drone' }, /among the symbols/],
    ['a scope that is not there', 'recipient_phone', { scope_field: 'brand' }, /scope from brand/],
    ['a page address that is not masked', 'order_id', { page_address: true }, /no free text/],
    ['a dictionary of numbers', 'is_gift', { low_cardinality: true }, /no text/],
    ['a flag that is no boolean', 'recipient_phone', { randomised_field: 'order_id' }, /no boolean/],
    ['an identifier of another class', 'recipient_phone', { pii: 'sensitive' }, /another pii class/],
    ['an identifier that is no text', 'net_cents', { identifier: 'phone', pii: 'identifier' }, /no text/],
    ['a name in camel case', 'order_id', { name: 'orderId' }, /snake_case/],
  ])('%s', (_, name, more, rule) => {
    const [problem] = lintRecord(changed(name, more));
    expect(problem?.record).toBe('zhongtai.order.OrderPlaced');
    expect(problem?.field).toBe(more.name ?? name);
    expect(problem?.rule).toMatch(rule);
  });

  it('an identifier where no gateway would look for it', () => {
    const text = JSON.stringify(placed).replace(
      '"name":"promo_code"',
      '"identifier":"phone","name":"promo_code"',
    );
    const [problem] = lintRecord({ ...(JSON.parse(text) as AvroRecord) });
    expect(problem).toMatchObject({ field: 'OrderLine.promo_code' });
  });

  it('an enum without default', () => {
    const fulfil = placed.fields.find(({ name }) => name === 'fulfil');
    const type = { ...(fulfil?.type as object), default: undefined } as never;
    expect(lintRecord(changed('fulfil', { type })).map(({ rule }) => rule)).toEqual([
      'the enum has no default',
    ]);
  });

  it('another head than the envelope', () => {
    const [, ...rest] = placed.fields;
    expect(lintEnvelope({ ...placed, fields: rest }, envelope).map(({ field }) => field)).toEqual([
      'link',
      'link',
    ]);
    expect(lintEnvelope(changed('is_test', { doc: 'Changed.' }), envelope)).toHaveLength(1);
  });

  it('a change of Link, even in the envelope itself', () => {
    const text = JSON.stringify(envelope).replace(
      '"name":"epoch","type":"long"',
      '"name":"epoch","type":"int"',
    );
    const other = JSON.parse(text) as AvroRecord;
    expect(lintEnvelope(other, other).map(({ remedy }) => remedy)).toEqual([
      'Leave link and Link as they were',
    ]);
  });

  it('one name for two types', () => {
    const text = JSON.stringify(placed).replace('"symbols":["ship"', '"symbols":["drone","ship"');
    const other = { ...(JSON.parse(text) as AvroRecord), name: 'OrderMade' };
    expect(lintSharedTypes([placed, other]).map(({ rule }) => rule)).toEqual([
      'zhongtai.Fulfil is not as in zhongtai.order.OrderPlaced',
    ]);
  });
});
