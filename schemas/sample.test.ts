import { describe, expect, it } from '@jest/globals';
import avro from 'avsc';
import { envelopeFields, recordOf, schemaOf, schemaText, topics } from './index.ts';
import { type Sample, sampleEvent, sampleEvents, sampleRecord } from './sample.ts';

const records = Object.values(topics).flatMap((topic) =>
  topic.leg === null || topic.leg === 'highway' ? topic.records : [],
);
const eventTypes = records.map(({ eventType }) => eventType).filter((type) => type !== '');
const typeOf = (name: string) => avro.Type.forSchema(JSON.parse(schemaText(name)));
const wrong: string[] = [];
const errorHook = (path: string[]) => wrong.push(path.join('.'));

describe('samples', () => {
  it.each(eventTypes)('%s is a valid record once the gateway has filled it', (eventType) => {
    const entry = recordOf(eventType);
    if (entry === undefined) throw new Error('not in the catalogue');
    const sample = sampleEvent(eventType, { index: 3 });
    const filled = { ...sample, link: null, source: entry.topic.source, ingest_time: 1 };
    const known = new Set(schemaOf(entry.record.name).fields.map((field) => field.name));
    expect(Object.keys(sample).filter((name) => !known.has(name))).toEqual([]);
    const defaults = Object.fromEntries(envelopeFields().map(({ name, default: value }) => [name, value]));
    typeOf(entry.record.name).isValid({ ...defaults, ...filled }, { errorHook });
    expect(wrong).toEqual([]);
    expect(entry.record.naturalKey(sample)).not.toBeNull();
  });
  it.each(records.filter(({ eventType }) => eventType === '').map(({ name }) => name))(
    '%s is valid',
    (name) => {
      typeOf(name).isValid(sampleRecord(name), { errorHook });
      expect(wrong).toEqual([]);
    },
  );
  it('are the same for the same seed and index, and others for others', () => {
    expect(sampleEvent('pos_sale', { seed: 7, index: 2 })).toEqual(
      sampleEvent('pos_sale', { seed: 7, index: 2 }),
    );
    expect(sampleEvent('pos_sale', { seed: 8, index: 2 })).not.toEqual(
      sampleEvent('pos_sale', { seed: 7, index: 2 }),
    );
  });
  it('carry different event ids over types and rounds', () => {
    const taken: Sample[] = [];
    for (const sample of sampleEvents({ seed: 5 })) if (taken.push(sample) === eventTypes.length * 20) break;
    expect(new Set(taken.map(({ event_id: id }) => id)).size).toBe(taken.length);
    expect(new Set(taken.map(({ event_type: type }) => type)).size).toBe(eventTypes.length);
    for (const { event_id: id } of taken)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  });
  it('tie out: the sum of the lines is the order', () => {
    const { lines, net_cents: net } = sampleEvent('order_placed', { index: 4 });
    expect(Array.isArray(lines) && lines.reduce((sum, line) => sum + line.net_price_cents, 0)).toBe(net);
  });
});
