import { randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type GatewayFixture, NOW, order, pageView, startGatewayFixture } from './gateway-fixture.ts';

let at: GatewayFixture;

beforeAll(async () => {
  at = await startGatewayFixture({ MAX_BODY_BYTES: '200000', MAX_EVENTS: '50' });
});
beforeEach(() => {
  at.highway.stored.length = 0;
  at.highway.fail(() => false);
});
afterAll(() => at.close());

describe('an event that is taken', () => {
  it('is acknowledged, keyed, stamped and carries tokens', async () => {
    const { status, body } = await at.post(order());
    expect([status, body]).toEqual([202, { accepted: 1, rejected: [] }]);
    const [event] = at.highway.valuesOf('inbound.order');
    expect(event).toMatchObject({
      link: null,
      source: 'order',
      source_system: 'shop',
      ingest_time: NOW,
      channel: 'other',
      identities: [{ id_type: 'phone', scope: '', role: 'actor', verified: false }],
    });
    const message = at.highway.stored.find(({ topic }) => topic === 'inbound.order');
    expect(message).toMatchObject({ key: 'O-1', timestampMs: NOW });
    expect(JSON.stringify(event)).not.toContain('922111834');
  });

  it('gets an event_id of version 7 when it has none', async () => {
    await at.post(pageView());
    expect(at.highway.valuesOf('inbound.marketing')[0]?.['event_id']).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it.each([
    ['an array', JSON.stringify([order(), order()]), 'application/json', 2],
    [
      '{"events":[…]}',
      JSON.stringify({ events: [order(), order(), order()] }),
      'application/json; charset=UTF-8',
      3,
    ],
    ['NDJSON', `${JSON.stringify(order())}\r\n\n${JSON.stringify(order())}`, 'application/x-ndjson', 2],
    ['text without a content type', JSON.stringify(order()), '', 1],
  ])('may come as %s', async (_what, text, type, accepted) => {
    const { status, body } = await at.post(text, { headers: { 'content-type': type } });
    expect([status, body]).toEqual([202, { accepted, rejected: [] }]);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('may come compressed by %s', async (encoding, compress) => {
    const { status } = await at.post(compress(JSON.stringify(order())), {
      headers: { 'content-encoding': encoding },
    });
    expect(status).toBe(202);
  });
});

describe('a batch in which some are bad', () => {
  it('is taken but for those, each named by place, code and pointer', async () => {
    const { status, body } = await at.post([
      order(),
      order({ lines: [{ ...LINE, qty: 'two' }] }),
      order({ event_type: 'order_eaten' }),
      order({ identities: [{ id_type: 'phone', id_value: '0922-11' }] }),
      order({ colour: 'red' }),
      order({ event_time: NOW + 3_600_001 }),
      order({ event_id: 'abc' }),
      order({ link: null }),
      order({ source: 'payment' }),
      7,
      order({ event_time: NOW + 3_599_999 }),
    ]);
    expect(status).toBe(202);
    expect(body.accepted).toBe(2);
    expect(body.rejected?.map(({ index, code, path }) => `${index} ${code} ${path}`)).toEqual([
      '1 ZT-GATEWAY-TYPE /lines/0/qty',
      '2 ZT-GATEWAY-UNKNOWN-TYPE /event_type',
      '3 ZT-ID-PHONE /identities/0/id_value',
      '4 ZT-GATEWAY-UNKNOWN-FIELD /colour',
      '5 ZT-GATEWAY-FUTURE /event_time',
      '6 ZT-GATEWAY-EVENT-ID /event_id',
      '7 ZT-GATEWAY-UNKNOWN-FIELD /link',
      '8 ZT-GATEWAY-SOURCE /source',
      '9 ZT-GATEWAY-TYPE ',
    ]);
    expect(at.highway.valuesOf('inbound.order')).toHaveLength(2);
  });

  it('spoils only its own line in NDJSON', async () => {
    const text = `${JSON.stringify(order())}\n{"event_type":\n${JSON.stringify(order())}\n{"a":NaN}`;
    const { status, body } = await at.post(text, { headers: { 'content-type': 'application/x-ndjson' } });
    expect([status, body.accepted]).toEqual([202, 2]);
    expect(body.rejected?.map(({ index, code }) => [index, code])).toEqual([
      [1, 'ZT-GATEWAY-JSON'],
      [3, 'ZT-GATEWAY-JSON'],
    ]);
  });

  it('counts what was refused by source, as far as the event says it', async () => {
    const rejected = async (source: string): Promise<number> => {
      const line = `zhongtai_gateway_events_total{source="${source}",outcome="rejected"} `;
      const text = await at.metrics.metrics();
      return Number(text.split(line)[1]?.split('\n')[0] ?? 0);
    };
    const sources = ['order', 'marketing', 'unknown'];
    const before = await Promise.all(sources.map(rejected));
    await at.post([order({ order_id: 7 }), order({ event_id: 'x' }), pageView({ colour: 1 }), 7, order()]);
    const after = await Promise.all(sources.map(rejected));
    expect(after.map((count, n) => count - (before[n] ?? 0))).toEqual([2, 1, 1]);
  });

  it('refuses a time or day that no table can hold', async () => {
    const events = ['0001-01-01T00:00:00Z', -62_135_596_800_001, '99999999999999', Date.UTC(2300, 0, 1)];
    const { status, body } = await at.post(events.map((event_time) => order({ event_time })));
    expect([status, new Set(body.rejected?.map(({ code, path }) => `${code} ${path}`))]).toEqual([
      400,
      new Set(['ZT-GATEWAY-RANGE /event_time']),
    ]);
    expect((await at.post(order({ event_time: '1900-01-01T00:00:00Z' }))).status).toBe(202);
    const member = await at.post({ cust_id: 'M-1', birthday: -800_000 }, { path: '/v1/reference/member' });
    expect(member.body.rejected?.[0]).toMatchObject({ code: 'ZT-GATEWAY-RANGE', path: '/birthday' });
  });

  it('keeps a long beyond 2^53 exactly when it comes as a string', async () => {
    const { status, body } = await at.post([
      order({ net_cents: '9007199254740993' }),
      order({ net_cents: '-9223372036854775808' }),
      order({ net_cents: '9223372036854775808' }),
    ]);
    expect([status, body.accepted, body.rejected?.[0]?.['code']]).toEqual([202, 2, 'ZT-GATEWAY-RANGE']);
    expect(at.highway.valuesOf('inbound.order').map((event) => event['net_cents'])).toEqual([
      '9007199254740993',
      '-9223372036854775808',
    ]);
  });

  it('is 400 when all are bad, 403 when the key may send none of them', async () => {
    expect((await at.post([{}, 1])).status).toBe(400);
    const { status, body } = await at.post([pageView(), pageView()], { key: at.orderKey });
    expect([status, body.rejected?.[0]?.['code']]).toEqual([403, 'ZT-GATEWAY-SOURCE']);
    expect((await at.post([pageView(), order()], { key: at.orderKey })).status).toBe(202);
  });
});

const LINE = { line_no: 1, product_id: 'P1', qty: 1, list_price_cents: 100, net_price_cents: 100 };
const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;

describe('a request that is refused whole', () => {
  it.each([
    ['no key', { key: null }, '{}', 401, 'ZT-GATEWAY-UNAUTHORIZED'],
    ['a wrong key', { key: 'zt_wrong' }, '{}', 401, 'ZT-GATEWAY-UNAUTHORIZED'],
    ['GET', { method: 'GET' }, '', 405, 'ZT-GATEWAY-METHOD'],
    ['broken JSON', {}, '{"event_type":', 400, 'ZT-GATEWAY-BODY'],
    ['NaN', {}, '{"event_type":"order_placed","net_cents":NaN}', 400, 'ZT-GATEWAY-BODY'],
    ['an empty body', {}, '', 400, 'ZT-GATEWAY-BODY'],
    ['an empty batch', {}, '[]', 400, 'ZT-GATEWAY-EMPTY'],
    ['something beside events', {}, '{"events":[],"x":1}', 400, 'ZT-GATEWAY-BODY'],
    ['no UTF-8', {}, Buffer.from([0x22, 0xb3, 0x5c, 0x22]), 400, 'ZT-GATEWAY-UTF8'],
    ['too many events', {}, JSON.stringify(Array(51).fill(1)), 413, 'ZT-GATEWAY-TOO-MANY'],
    [
      'too many lines',
      { headers: { 'content-type': 'application/x-ndjson' } },
      '1\n'.repeat(100_000),
      413,
      'ZT-GATEWAY-TOO-MANY',
    ],
    [
      'nothing but newlines',
      { headers: { 'content-type': 'application/x-ndjson' } },
      ' \n'.repeat(100_000),
      400,
      'ZT-GATEWAY-EMPTY',
    ],
    ['a body too large', {}, ' '.repeat(200_001), 413, 'ZT-GATEWAY-TOO-LARGE'],
    [
      'a form',
      { headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      'a=1',
      415,
      'ZT-GATEWAY-MEDIA',
    ],
    [
      'Big5',
      { headers: { 'content-type': 'application/json; charset=big5' } },
      '{}',
      415,
      'ZT-GATEWAY-MEDIA',
    ],
    ['compress', { headers: { 'content-encoding': 'compress' } }, 'x', 415, 'ZT-GATEWAY-ENCODING'],
    ['gzip twice', { headers: { 'content-encoding': 'gzip, gzip' } }, 'x', 415, 'ZT-GATEWAY-ENCODING'],
    ['no gzip', { headers: { 'content-encoding': 'gzip' } }, 'hello', 400, 'ZT-GATEWAY-COMPRESSION'],
    [
      'half a gzip',
      { headers: { 'content-encoding': 'gzip' } },
      gzipSync(randomBytes(1000)).subarray(0, 500),
      400,
      'ZT-GATEWAY-COMPRESSION',
    ],
    [
      'a gzip bomb',
      { headers: { 'content-encoding': 'gzip' } },
      gzipSync(Buffer.alloc(50_000_000)),
      413,
      'ZT-GATEWAY-TOO-LARGE',
    ],
  ])('%s', async (_what, options, body, status, code) => {
    const answer = await at.post(body, options);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(at.highway.stored).toHaveLength(0);
  });

  it('too deep, as the event that it is', async () => {
    const { status, body } = await at.post(deep.slice(1, -1));
    expect([status, body.rejected?.[0]?.['code']]).toEqual([400, 'ZT-GATEWAY-TOO-DEEP']);
    const within = await at.post(`[${JSON.stringify(order())},{"event_type":"order_placed","x":${deep}}]`);
    expect([within.status, within.body.rejected?.[0]?.['code']]).toEqual([202, 'ZT-GATEWAY-TOO-DEEP']);
  });

  it('leaves the gateway as it was', async () => {
    expect((await at.post(order())).status).toBe(202);
    expect(await at.metrics.getSingleMetricAsString('zhongtai_gateway_in_flight_bytes')).toMatch(/ 0$/);
  });

  it('is counted, and logged in one line without what was sent', async () => {
    await new Promise((resolve) => setTimeout(resolve, 1100));
    at.log.length = 0;
    await Promise.all(Array.from({ length: 20 }, () => at.post('{"secret-word"')));
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const lines = at.log.filter((line) => line.includes('ZT-GATEWAY-BODY'));
    expect(lines.map((line) => JSON.parse(line).count).reduce((a, b) => a + b)).toBe(20);
    expect(lines.length).toBeLessThanOrEqual(2);
    expect(at.log.join('')).not.toMatch(/secret-word|zt_/);
    expect(await at.metrics.metrics()).toContain('zhongtai_gateway_rejections_total{code="ZT-GATEWAY-BODY"}');
  });
});

describe('reference records', () => {
  it('go to their tables, keyed, with tokens', async () => {
    const path = '/v1/reference/member';
    const { status } = await at.post({ cust_id: 'M-77', scope: 'main', city: '臺北市' }, { path });
    expect(status).toBe(202);
    const [member] = at.highway.valuesOf('reference.member');
    expect(member?.['cust_id']).toMatch(/^[\w-]{22}$/);
    expect(at.highway.stored.find(({ topic }) => topic === 'reference.member')?.key).toBe(
      member?.['cust_id'],
    );
    expect((await at.post({ cust_id: 'M-77' }, { path, key: at.orderKey })).status).toBe(403);
    expect((await at.post({ colour: 1 }, { path: '/v1/reference/store' })).body.rejected?.[0]).toMatchObject({
      path: '/colour',
    });
  });

  it.each(['/v1/reference/nothing', '/v1/event', '/v1', '/', '//', '/favicon.ico'])(
    'and nothing else are at %s, which is said as JSON',
    async (path) => {
      const { status, body } = await at.post(order(), { path });
      expect([status, body.code]).toEqual([404, 'ZT-GATEWAY-PATH']);
      expect((await at.post('', { path, method: 'GET', key: null })).status).toBe(404);
    },
  );
});
