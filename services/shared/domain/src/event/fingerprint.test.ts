import { describe, expect, it } from '@jest/globals';
import { recordOf, schemaText, topicsOf } from '@zhongtai/schemas';
import { sampleEvent } from '@zhongtai/schemas/sample';
import avro from 'avsc';
import fc from 'fast-check';
import { compileFingerprint } from './fingerprint.ts';

const eventTypes = topicsOf('highway').flatMap(({ records }) => records.map(({ eventType }) => eventType));
const frame = Buffer.from([0, 0, 0, 0, 9]);

function typeAndReader(eventType: string) {
  const text = schemaText(recordOf(eventType)?.record.name ?? '');
  return { type: avro.Type.forSchema(JSON.parse(text)), read: compileFingerprint(text) };
}

/** A random value of the schema with what an event always has. */
function event(type: avro.Type, own: Record<string, unknown>): Record<string, unknown> {
  return { ...Object(type.random()), link: null, ...own };
}

const base64url = (uuid: string) => Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url');

describe('the fingerprint of an event', () => {
  it.each(eventTypes)(
    'of %s is the same however it came in, and another when anything else differs',
    (eventType) => {
      const { type, read } = typeAndReader(eventType);
      fc.assert(
        fc.property(fc.uuid(), fc.nat(), fc.string(), (id, time, system) => {
          const value = event(type, { event_id: id });
          const again = { ...value, ingest_time: time, source_system: system };
          const print = read(Buffer.concat([frame, type.toBuffer(value)]), 5);
          expect(print).toEqual({ id: base64url(id), content: expect.any(String) });
          expect(print.content).toHaveLength(16);
          expect(read(type.toBuffer(again), 0)).toEqual(print);
          const other = { ...again, is_test: value['is_test'] !== true };
          expect(read(type.toBuffer(other), 0).content).not.toBe(print.content);
          const renamed = { ...again, event_type: `${value['event_type']}x` };
          expect(read(type.toBuffer(renamed), 0).content).not.toBe(print.content);
        }),
        { numRuns: 5 },
      );
    },
  );

  it('takes an id in capitals for the same id', () => {
    const { type, read } = typeAndReader('pos_sale');
    const id = '0193A5B0-1234-7ABC-8DEF-0123456789AB';
    const value = event(type, { event_id: id });
    const small = { ...value, event_id: id.toLowerCase() };
    expect(read(type.toBuffer(value), 0).id).toBe(read(type.toBuffer(small), 0).id);
  });

  it.each([
    ['empty', ''],
    ['no UUID', 'order-1'],
    ['a letter too many', '0193a5b0-1234-7abc-8def-0123456789abc'],
    ['without dashes', '0193a5b012347abc8def0123456789abcdef'],
    ['a dash moved', '0193a5b01-234-7abc-8def-0123456789ab'],
    ['another letter', '0193a5b0-1234-7abc-8def-0123456789ag'],
  ])('has no id when the event_id is %s', (_what, id) => {
    const { type, read } = typeAndReader('pos_sale');
    expect(read(type.toBuffer(event(type, { event_id: id })), 0).id).toBeNull();
  });

  it('of bytes that end too early, or are rubbish, is refused', () => {
    const { type, read } = typeAndReader('pos_sale');
    const bytes = type.toBuffer({
      ...sampleOf('pos_sale'),
      event_id: '0193a5b0-1234-7abc-8def-0123456789ab',
    });
    for (let end = 0; end < 60; end += 1)
      expect(() => read(bytes.subarray(0, end), 0)).toThrow(/record|number/);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (rubbish) => {
        try {
          read(Buffer.from(rubbish), 0);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ZT-EVENT-MALFORMED', failure: 'bad_record' });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('needs a record with an event_id', () => {
    expect(() => compileFingerprint(schemaText('zhongtai.reference.Store'))).toThrow(/event_id/);
  });
});

function sampleOf(eventType: string): Record<string, unknown> {
  const { type } = typeAndReader(eventType);
  return {
    ...Object(type.random()),
    ...sampleEvent(eventType),
    link: null,
    source: 'order',
    ingest_time: 1,
  };
}
