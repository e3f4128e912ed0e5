import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createVaultCipher, type Sealed } from '@zhongtai/domain';
import { type Answer, type GatewayStage, openGatewayStage } from './gateway-fixture.ts';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await openGatewayStage();
}, 120_000);
afterAll(() => stage.close(), 60_000);

const PHONE = '0922-111-834';
const CLEAR = /922111834|0922-111-834|M-0001|amy@example\.tw/;
const LINE = { line_no: 1, product_id: 'P1', qty: 2, list_price_cents: 200, net_price_cents: 180 };
const sent = new Set<string>();

function order(own: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    event_type: 'order_placed',
    event_id: randomUUID(),
    event_time: Date.now(),
    identities: [
      { id_type: 'phone', id_value: PHONE },
      { id_type: 'cust_id', scope: 'main', id_value: 'M-0001' },
      { id_type: 'email', id_value: 'amy@example.tw' },
    ],
    order_id: `O-${randomUUID()}`,
    lines: [LINE],
    gross_cents: 200,
    net_cents: 180,
    ...own,
  };
}

function textOf(event: unknown): string {
  return JSON.stringify(event, (_name, value) => (typeof value === 'bigint' ? String(value) : value));
}

/** Remembers what the gateway acknowledged. */
function note(answer: Answer, events: readonly Record<string, unknown>[]): Answer {
  if (answer.status !== 202) return answer;
  const refused = new Set(answer.body.rejected?.map(({ index }) => index));
  events.forEach((event, index) => {
    if (!refused.has(index)) sent.add(String(event['event_id']));
  });
  return answer;
}

const deep = `${'['.repeat(1000)}${']'.repeat(1000)}`;

describe('bad input', () => {
  it('in a batch is answered item by item, and the rest is stored', async () => {
    const bad: [Record<string, unknown>, string][] = [
      [order({ lines: [{ ...LINE, qty: 'two' }] }), 'ZT-GATEWAY-TYPE /lines/0/qty'],
      [order({ order_id: undefined }), 'ZT-GATEWAY-MISSING /order_id'],
      [order({ event_type: 'order_eaten' }), 'ZT-GATEWAY-UNKNOWN-TYPE /event_type'],
      [order({ colour: 'red' }), 'ZT-GATEWAY-UNKNOWN-FIELD /colour'],
      [order({ net_cents: '9223372036854775808' }), 'ZT-GATEWAY-RANGE /net_cents'],
      [order({ order_id: 'a\ud800' }), 'ZT-GATEWAY-SURROGATE /order_id'],
      [order({ event_time: Date.now() + 7_200_000 }), 'ZT-GATEWAY-FUTURE /event_time'],
      [
        order({ identities: [{ id_type: 'phone', id_value: '0922-11' }] }),
        'ZT-ID-PHONE /identities/0/id_value',
      ],
      [order({ note: JSON.parse(deep) }), 'ZT-GATEWAY-TOO-DEEP /note'],
    ];
    const events = bad.flatMap(([event]) => [event, order()]);
    const { status, body } = note(await stage.post(events), events);
    expect([status, body.accepted]).toEqual([202, bad.length]);
    expect(body.rejected?.map(({ index, code, path }) => `${index} ${code} ${path}`)).toEqual(
      bad.map(([, expected], n) => `${2 * n} ${expected}`),
    );
  });

  it('does not include a long beyond 2^53 in a string: it is kept to the last digit', async () => {
    const events = [order({ order_id: 'O-EXACT', net_cents: '9007199254740993' })];
    expect(note(await stage.post(events), events).status).toBe(202);
  });

  it.each([
    ['broken JSON', '{"event_type"', {}, 400, 'ZT-GATEWAY-BODY'],
    ['NaN', '[{"event_type":"order_placed","net_cents":NaN}]', {}, 400, 'ZT-GATEWAY-BODY'],
    ['too large', ' '.repeat(9 * 1024 * 1024), {}, 413, 'ZT-GATEWAY-TOO-LARGE'],
    ['a wrong key', '{}', { authorization: 'Bearer zt_wrong' }, 401, 'ZT-GATEWAY-UNAUTHORIZED'],
    ['a gzip bomb', gzipSync(Buffer.alloc(1e8)), { 'content-encoding': 'gzip' }, 413, 'ZT-GATEWAY-TOO-LARGE'],
  ])('such as %s is refused whole', async (_what, body, headers, status, code) => {
    const answer = await stage.post(body, headers);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    const good = [order()];
    expect(note(await stage.post(good), good).status).toBe(202);
  });
});

describe('when Kafka is away', () => {
  it('the gateway answers 503 with Retry-After, is not ready, and takes the repeat when it is back', async () => {
    await stage.stack.kill('kafka', 'SIGKILL');
    const events = [order(), order({ event_id: undefined })];
    const away = await stage.post(events);
    expect([away.status, away.retryAfter, away.body.code]).toEqual([503, '1', 'ZT-GATEWAY-KAFKA']);
    await stage.stack.healthy('kafka');
    let answer = away;
    for (let n = 0; n < 20 && answer.status === 503; n += 1)
      answer = note(await stage.post(events.slice(0, 1)), events.slice(0, 1));
    expect(answer.status).toBe(202);
    expect(await stage.ready()).toBe(200);
  }, 40_000);
});

describe('on SIGTERM', () => {
  it('what was acknowledged is stored, and the process ends by itself', async () => {
    let acknowledged = 0;
    let over = false;
    const sender = async (): Promise<void> => {
      while (!over) {
        const events = Array.from({ length: 20 }, () => order());
        const answer = await stage.post(events).catch(() => undefined);
        if (answer?.status !== 202) return;
        note(answer, events);
        acknowledged += 1;
      }
    };
    const senders = Array.from({ length: 8 }, sender);
    while (acknowledged < 20) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await stage.terminate()).toBe(0);
    over = true;
    await Promise.all(senders);
  }, 30_000);
});

describe('afterwards', () => {
  it('every acknowledged event is on the highway, with tokens only; the vault opens them', async () => {
    const all = await stage.read(['inbound.order', 'vault.identifier']);
    const events = all.filter(({ topic }) => topic === 'inbound.order');
    const vault = all.filter(({ topic }) => topic === 'vault.identifier');
    const ids = new Set(events.map(({ event }) => event?.['event_id']));
    expect([...sent].filter((id) => !ids.has(id))).toEqual([]);
    expect(sent.size).toBeGreaterThan(400);
    const exact = events.find(({ event }) => event?.['order_id'] === 'O-EXACT');
    expect(exact?.event?.['net_cents']).toBe(9007199254740993n);
    expect(all.filter(({ event, key }) => CLEAR.test(textOf(event)) || CLEAR.test(String(key)))).toEqual([]);
    for (const { event, timestampMs } of events) expect(event?.['ingest_time']).toBe(timestampMs);
    const cipher = createVaultCipher(Buffer.from('11'.repeat(32), 'hex'));
    const opened = vault.map(({ event, key }) => cipher.open(String(key), event as unknown as Sealed));
    expect(new Set(opened)).toEqual(new Set(['+886922111834', 'M-0001', 'amy@example.tw']));
    expect(stage.log).not.toMatch(CLEAR);
  }, 40_000);
});
