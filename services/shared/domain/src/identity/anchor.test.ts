import { describe, expect, it } from '@jest/globals';
import { type Identity, keyOrder, recordOf } from '@zhongtai/schemas';
import fc from 'fast-check';
import { anchorOf, anchorRank, idTypes, isIdType } from '../index.ts';

const actor = (id_type: Identity['id_type'], id_value: string): Identity => ({
  id_type,
  id_value,
  scope: '',
  role: 'actor',
  verified: false,
});
const types = Object.keys(idTypes).filter(isIdType);
const identities = fc.array(
  fc.record({
    id_type: fc.constantFrom(...types),
    id_value: fc.stringMatching(/^[a-c]{1,2}$/),
    scope: fc.constant(''),
    role: fc.constantFrom<Identity['role']>('actor', 'actor', 'recipient', 'payer', 'unknown'),
    verified: fc.boolean(),
  }),
);

describe('anchor', () => {
  it('is the strongest identifier, wherever it stands', () => {
    expect(anchorOf([actor('cookie', 'c'), actor('phone', 'p'), actor('line_id', 'l')])).toBe('p');
  });
  it('never is a recipient, a referral code, a carrier or a social account', () => {
    expect(anchorOf([{ ...actor('phone', 'p'), role: 'recipient' }])).toBe('');
    expect(
      anchorOf([actor('referral_code', 'r'), actor('invoice_carrier', 'i'), actor('social_id', 's')]),
    ).toBe('');
  });
  it('has a rank for actors of types that link, and none for all else', () => {
    expect([anchorRank('cust_id', 'actor'), anchorRank('cookie', 'actor')]).toEqual([1, 10]);
    expect([anchorRank('cust_id', 'payer'), anchorRank('referral_code', 'actor')]).toEqual([
      undefined,
      undefined,
    ]);
    expect(anchorRank('toString', 'actor')).toBe(undefined);
  });
  it('does not depend on the order of the identifiers', () => {
    fc.assert(fc.property(identities, (list) => expect(anchorOf(list.toReversed())).toBe(anchorOf(list))));
  });
  it('is what the highway takes as a key when nothing else is there', () => {
    const consent = recordOf('consent_changed')?.record;
    const keyed = new Set<string>(['cookie', 'device_id', 'line_id']);
    fc.assert(
      fc.property(identities, (list) => {
        const others = list.filter(({ id_type: type }) => !keyed.has(type));
        expect(consent?.naturalKey({ identities: others }) ?? '').toBe(anchorOf(others));
      }),
    );
  });
  it('keeps the order of the keys equal to the default priorities', () => {
    const linking = types.filter((type) => idTypes[type].links);
    const priorities = [...new Set(linking.map((type) => idTypes[type].priority ?? 0))].sort((a, b) => a - b);
    const groups = priorities.map((priority) =>
      linking.filter((type) => idTypes[type].priority === priority),
    );
    expect(groups).toEqual(keyOrder.map((group) => [...group]));
  });
});
