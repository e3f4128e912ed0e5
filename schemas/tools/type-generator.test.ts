import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseSchema, schemaOf, schemaText, topics } from '../index.ts';
import { withEnvelope } from './envelope-sync.ts';
import { formatSchema } from './format-schema.ts';
import { generateTypes } from './type-generator.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const envelope = schemaOf('zhongtai.Envelope');
const placed = schemaOf('zhongtai.order.OrderPlaced');

describe('generated types', () => {
  const files = generateTypes({ topics, schemaOf });
  it.each(files.map(({ path, text }) => [path, text] as const))(
    '%s is what the records say',
    (path, text) => {
      expect(read(`../types/${path}`)).toBe(text);
    },
  );
  it('tell events apart by event_type', () => {
    const order = files.find(({ path }) => path === 'order.ts')?.text ?? '';
    expect(order).toContain("event_type: 'pos_sale';");
    expect(order).toMatch(/export type OrderEvent =\n {2}\| OrderPlaced\n/);
  });
});

describe('envelope', () => {
  it('is put at the head of a record, its own fields stay', () => {
    const field = { name: 'tenant', type: 'string', default: '', doc: 'Tenant.', pii: 'none' } as const;
    const wider = { ...envelope, fields: [...envelope.fields, field] };
    const synced = withEnvelope(placed, wider, envelope);
    expect(synced.fields.slice(0, wider.fields.length)).toEqual(wider.fields);
    expect(synced.fields.slice(wider.fields.length)).toEqual(placed.fields.slice(envelope.fields.length));
  });
  it('writes a type out where it is first used, and only there', () => {
    const fields = envelope.fields.filter(({ name }) => name !== 'channel');
    const sale = schemaOf('zhongtai.order.PosSale');
    const own = {
      name: 'till_channel',
      type: 'zhongtai.Channel',
      default: 'other',
      doc: 'Till.',
      pii: 'none',
    } as const;
    const synced = withEnvelope(
      { ...sale, fields: [...sale.fields, own] },
      { ...envelope, fields },
      envelope,
    );
    expect(synced.fields.at(-1)?.type).toMatchObject({ type: 'enum', name: 'Channel' });
    expect(formatSchema(synced).match(/"name": "Channel"/g)).toHaveLength(1);
  });
});

describe('form of the files', () => {
  it('does not change when it is written again', () => {
    for (const { name } of Object.values(topics).flatMap((topic) => topic.records)) {
      expect(formatSchema(parseSchema(schemaText(name)))).toBe(schemaText(name));
    }
  });
});
