import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createVaultCipher, type Sealed } from '@zhongtai/domain';
import { type GatewayFixture, order, pageView, startGatewayFixture } from './gateway-fixture.ts';

let at: GatewayFixture;

beforeAll(async () => {
  at = await startGatewayFixture();
});
beforeEach(() => {
  at.highway.stored.length = 0;
  at.highway.fail(() => false);
});
afterAll(() => at.close());

function vault(): Record<string, unknown>[] {
  return at.highway.valuesOf('vault.identifier');
}

function person(phone: string): Record<string, unknown> {
  return order({ identities: [{ id_type: 'phone', id_value: phone }] });
}

function sealedOf(record: Record<string, unknown> | undefined): Sealed {
  const bytes = (name: string): Buffer => Buffer.from(JSON.parse(JSON.stringify(record?.[name])).data);
  return {
    key_id: String(record?.['key_id']),
    iv: bytes('iv'),
    ciphertext: bytes('ciphertext'),
    tag: bytes('tag'),
  };
}

describe('the vault', () => {
  it('holds the clear value, readable with key and token only', async () => {
    await at.post(person('0922 111 001'));
    const [record] = vault();
    const [event] = at.highway.valuesOf('inbound.order');
    expect(event?.['identities']).toMatchObject([{ id_value: record?.['token'] }]);
    const cipher = createVaultCipher(Buffer.alloc(32));
    expect(cipher.open(String(record?.['token']), sealedOf(record))).toBe('+886922111001');
    expect(() => cipher.open('another token', sealedOf(record))).toThrow();
    expect(JSON.stringify(at.highway.stored)).not.toContain('922111001');
  });

  it('is written once per identifier, and again until it was stored', async () => {
    at.highway.fail(({ topic }) => topic === 'vault.identifier');
    expect((await at.post(person('0922111002'))).status).toBe(503);
    at.highway.fail(() => false);
    expect((await at.post(person('0922111002'))).status).toBe(202);
    expect(vault()).toHaveLength(1);
    await at.post([person('0922111002'), person('0922111002')]);
    expect(vault()).toHaveLength(1);
  });

  it('never gets a national id', async () => {
    await at.post(order({ identities: [{ id_type: 'national_id', id_value: 'A123456789' }] }));
    expect(vault()).toHaveLength(0);
    expect(at.highway.valuesOf('inbound.order')).toHaveLength(1);
  });
});

describe('identifiers', () => {
  it('give one token in all their spellings, another under another scope', async () => {
    const member = (scope: string) => ({ id_type: 'cust_id', scope, id_value: 'M-1' });
    await at.post([
      person('0922-111-003'),
      person('+886922111003'),
      order({ identities: [member('a'), member('b')] }),
    ]);
    const tokens = at.highway
      .valuesOf('inbound.order')
      .flatMap((event) => JSON.parse(JSON.stringify(event['identities'])))
      .map((identity) => identity.id_value);
    expect(tokens[0]).toBe(tokens[1]);
    expect(new Set(tokens).size).toBe(3);
  });

  it('that say nothing are left out, counted, and the event stays', async () => {
    const identities = [
      { id_type: 'phone', id_value: '0912345678' },
      { id_type: 'cust_id', id_value: 'M-2' },
    ];
    expect((await at.post(order({ identities }))).body.accepted).toBe(1);
    expect(at.highway.valuesOf('inbound.order')[0]?.['identities']).toMatchObject([{ id_type: 'cust_id' }]);
    expect(await at.metrics.metrics()).toContain(
      'zhongtai_gateway_dropped_identifiers_total{id_type="phone"} 1',
    );
  });

  it('in own fields become the same tokens, in the scope beside them', async () => {
    const merged = {
      event_type: 'member_merged',
      event_time: 1,
      from_cust_id: 'M-3',
      to_cust_id: 'M-4',
      scope: 'a',
      identities: [{ id_type: 'cust_id', scope: 'a', id_value: 'M-4' }],
    };
    const author = {
      event_type: 'social_post',
      event_time: 1,
      post_id: 'p',
      author_id: 'me',
      network: 'ptt',
    };
    expect((await at.post([merged, author])).body).toEqual({ accepted: 2, rejected: [] });
    const [event] = at.highway.valuesOf('inbound.order');
    expect(event?.['identities']).toMatchObject([{ id_value: event?.['to_cust_id'] }]);
    expect(JSON.stringify(at.highway.stored)).not.toMatch(/"M-[34]"|"me"/);
    expect((await at.post(order({ recipient_phone: '12' }))).body.rejected?.[0]).toMatchObject({
      code: 'ZT-ID-PHONE',
      path: '/recipient_phone',
    });
  });

  it('that are blocked in own fields become null, where they were a third state beside null', async () => {
    const events = [order({ recipient_phone: '0912345678' }), order({ recipient_phone: '' })];
    expect((await at.post(events)).body.accepted).toBe(2);
    expect(at.highway.valuesOf('inbound.order').map((event) => event['recipient_phone'])).toEqual([
      null,
      null,
    ]);
    const post = {
      event_type: 'social_post',
      event_time: 1,
      post_id: 'p',
      author_id: 'me',
      network: 'ptt',
      mentioned_ids: ['unknown', 'you'],
    };
    expect((await at.post(post)).body.accepted).toBe(1);
    expect(at.highway.valuesOf('inbound.social')[0]?.['mentioned_ids']).toHaveLength(1);
  });

  it('that are random device addresses are marked as such', async () => {
    const sighted = { event_type: 'beacon_sighted', event_time: 1, beacon_id: 'B-1', rssi_dbm: -60 };
    const real = { ...sighted, mac: '3C:5A:B4:00:00:01' };
    expect((await at.post([{ ...sighted, mac: '02:00:00:00:00:01' }, real])).body.accepted).toBe(2);
    expect(at.highway.valuesOf('inbound.beacon')).toMatchObject([
      { mac: null, mac_randomised: true },
      { mac: expect.stringMatching(/^[\w-]{22}$/), mac_randomised: false },
    ]);
  });

  it('in addresses of pages are cut off with the query, and masked when percent-encoded', async () => {
    const view = pageView({
      url_path: '/u/amy%40example.tw?phone=0922111834',
      referrer: 'https://shop.example/login?email=amy%40example.tw#0922111834',
    });
    const entry = {
      event_type: 'ui_friction',
      event_time: 1,
      session_id: 's-1',
      page: '/09%2022%20111%20834?a=1',
    };
    expect((await at.post([view, entry])).body).toEqual({ accepted: 2, rejected: [] });
    expect(at.highway.valuesOf('inbound.marketing')).toMatchObject([
      { url_path: '/u/[email]', referrer: 'https://shop.example/login' },
      { page: '/[phone]' },
    ]);
  });

  it('in free text are masked', async () => {
    await at.post({ ...pageView(), event_type: 'search_performed', query: 'call 0922111834 or a@b.tw' });
    expect(at.highway.valuesOf('inbound.marketing')[0]?.['query']).toBe('call [phone] or [email]');
  });
});
