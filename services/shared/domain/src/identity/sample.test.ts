import { describe, expect, it } from '@jest/globals';
import { recordOf, schemaOf, topics } from '@zhongtai/schemas';
import { sampleEvent } from '@zhongtai/schemas/sample';
import { createNormaliser, isIdType } from '../index.ts';

const { identifier } = createNormaliser();
const eventTypes = Object.values(topics)
  .flatMap((topic) => topic.records.map(({ eventType }) => eventType))
  .filter((eventType) => eventType !== '');

/** Every identifier of a sample: those of the envelope and those in fields of their own. */
function* identifiersOf(eventType: string): Generator<readonly [type: string, value: unknown]> {
  const sample = sampleEvent(eventType, { index: 11 });
  const { identities } = sample;
  if (Array.isArray(identities))
    for (const { id_type: type, id_value: value } of identities) yield [type, value];
  const name = recordOf(eventType)?.record.name ?? '';
  for (const field of schemaOf(name).fields) {
    if (field.identifier === undefined) continue;
    for (const value of [sample[field.name]].flat()) yield [field.identifier, value];
  }
}

describe('identifiers in the samples', () => {
  it.each(eventTypes)('%s can be normalised', (eventType) => {
    for (const [type, value] of identifiersOf(eventType)) {
      if (value === null || typeof value !== 'string' || !isIdType(type)) {
        expect(value).toBeNull();
        continue;
      }
      expect(identifier(type, '', value)).toMatchObject({ ok: { idType: type } });
    }
  });
  it('every identifier attribute names a known type', () => {
    for (const { records } of Object.values(topics)) {
      for (const { name } of records) {
        for (const { identifier: type } of schemaOf(name).fields)
          expect(type === undefined || isIdType(type)).toBe(true);
      }
    }
  });
});
