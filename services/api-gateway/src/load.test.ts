import { readFile, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type GatewayFixture, NOW, order, pageView, startGatewayFixture } from './gateway-fixture.ts';
import { createKey } from './keys/keys.ts';

let at: GatewayFixture;
afterEach(async () => {
  at.highway.release();
  await at.close();
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function social(): Record<string, unknown> {
  return { event_type: 'social_post', event_time: NOW, post_id: 'p', author_id: 'someone', network: 'ptt' };
}

describe('under load', () => {
  it('turns away P3 first, then P2, and P0 last: whole, by 503', async () => {
    at = await startGatewayFixture({ MAX_IN_FLIGHT_BYTES: '10000' });
    at.highway.hold();
    const filler = (bytes: number) => at.post(order({ order_id: 'x'.repeat(bytes - 330) }));
    const waiting = [filler(5200)];
    await pause(50);
    const mixed = await Promise.race([at.post([social(), social()]), pause(1000)]);
    expect(mixed).toMatchObject({ status: 429 });
    if (typeof mixed === 'object') {
      expect(mixed.headers.get('retry-after')).toBe('1');
      expect(mixed.body.rejected).toMatchObject([
        { index: 0, code: 'ZT-GATEWAY-SHED', retryable: true },
        { index: 1, code: 'ZT-GATEWAY-SHED', retryable: true },
      ]);
    }
    const view = at.post([pageView(), social()]);
    waiting.push(filler(1600));
    await pause(50);
    expect((await at.post(pageView())).status).toBe(429);
    const refused = await at.post([
      order(),
      order({ event_id: undefined }),
      order({ order_id: 'y'.repeat(5000) }),
    ]);
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ accepted: 0, code: 'ZT-GATEWAY-BUSY', minted: [{ index: 1 }] });
    at.highway.release();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([202, 202]);
    expect((await view).body).toMatchObject({ accepted: 1, rejected: [{ index: 1, retryable: true }] });
    expect(at.highway.valuesOf('inbound.order')).toHaveLength(2);
    expect((await at.post(social())).status).toBe(202);
    expect(await at.metrics.metrics()).toContain('events_total{source="social",outcome="shed"} 3');
  });
});

describe('when Kafka does not store', () => {
  it('answers 503 for the whole request, names minted ids, and takes the repeat', async () => {
    at = await startGatewayFixture();
    const sent = [order(), pageView(), order({ event_id: undefined })];
    at.highway.fail(({ topic }) => topic === 'inbound.marketing');
    const refused = await at.post(sent);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(refused.body).toMatchObject({ accepted: 0, rejected: [], code: 'ZT-GATEWAY-KAFKA' });
    expect(refused.body.minted?.map(({ index }) => index)).toEqual([1, 2]);
    at.highway.fail(() => false);
    const ids = new Map(refused.body.minted?.map(({ index, event_id }) => [index, event_id]));
    const again = await at.post(
      sent.map((event, i) => (ids.has(i) ? { ...event, event_id: ids.get(i) } : event)),
    );
    expect(again.body.accepted).toBe(3);
    const stored = at.highway.stored.filter(({ topic }) => topic !== 'vault.identifier');
    expect(stored).toHaveLength(5);
    expect(new Set(stored.map(({ value }) => JSON.parse(String(value)).event_id)).size).toBe(3);
  });
});

describe('stopping', () => {
  it('still takes a request whose body is arriving', async () => {
    at = await startGatewayFixture();
    const socket = connect(Number(new URL(at.gateway.address).port), '127.0.0.1');
    const body = JSON.stringify(order());
    socket.write(
      `POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${at.key}\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    socket.write(body.slice(0, 20));
    await pause(100);
    const stopped = at.gateway.stop();
    await pause(100);
    socket.write(body.slice(20));
    expect(await until(socket, '}')).toContain('HTTP/1.1 202');
    await stopped;
    expect(at.highway.valuesOf('inbound.order')).toHaveLength(1);
  });

  it('answers what is under way, refuses what comes after, and loses nothing', async () => {
    at = await startGatewayFixture();
    at.highway.hold();
    const under = Array.from({ length: 5 }, (_, n) => at.post(order({ order_id: `O-${n}` })));
    const { port } = new URL(at.gateway.address);
    const open = connect(Number(port), '127.0.0.1');
    const head = `POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${at.key}\r\ncontent-type: application/json\r\n`;
    open.write(head);
    await pause(100);
    const stopped = at.gateway.stop();
    open.write(`content-length: 2\r\n\r\n{}`);
    expect(await until(open, '}')).toContain('ZT-GATEWAY-STOPPING');
    await expect(at.post(order())).rejects.toThrow();
    at.highway.release();
    expect((await Promise.all(under)).map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    await stopped;
    expect(at.highway.valuesOf('inbound.order')).toHaveLength(5);
  });
});

/** Text from a socket until it holds `mark` or ends. */
function until(socket: Socket, mark: string): Promise<string> {
  let text = '';
  return new Promise((resolve) => {
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (text.includes(mark)) resolve(text);
    });
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
}

describe('a sender that misbehaves', () => {
  it('and goes away amid a body has sent nothing', async () => {
    at = await startGatewayFixture();
    const socket = connect(Number(new URL(at.gateway.address).port), '127.0.0.1');
    const body = JSON.stringify([order(), order()]);
    socket.write(
      `POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${at.key}\r\ncontent-length: ${body.length + 1}\r\n\r\n${body}`,
    );
    await pause(100);
    socket.destroy();
    await pause(100);
    expect(at.highway.stored).toHaveLength(0);
    expect(await at.metrics.getSingleMetricAsString('zhongtai_gateway_in_flight_bytes')).toMatch(/ 0$/);
  });

  it.each([
    ['its head', 'POST /v1/events HTTP/1.1\r\nhost: x\r\n'],
    [
      'its body',
      'POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer KEY\r\ncontent-length: 9\r\n\r\n{',
    ],
  ])('and never ends %s is hung up on', async (_what, text) => {
    at = await startGatewayFixture({ HEADERS_TIMEOUT_MS: '300', REQUEST_TIMEOUT_MS: '600' });
    const socket = connect(Number(new URL(at.gateway.address).port), '127.0.0.1');
    socket.write(text.replace('KEY', at.key));
    const ended = new Promise((resolve) => socket.once('close', () => resolve('ended')));
    socket.on('error', () => undefined);
    socket.resume();
    expect(await Promise.race([ended, pause(4000)])).toBe('ended');
    expect(at.highway.stored).toHaveLength(0);
  });

  it('hears of a body too large while still sending it', async () => {
    at = await startGatewayFixture({ MAX_BODY_BYTES: '1024' });
    for (let n = 0; n < 20; n += 1) expect((await at.post('x'.repeat(5_000_000))).status).toBe(413);
  });
});

describe('the file of keys', () => {
  it('is read again when it changes; a broken one leaves the keys in force', async () => {
    at = await startGatewayFixture();
    const { clearKey, stored } = createKey('late', ['order'], new Date());
    expect((await at.post(order(), { key: clearKey })).status).toBe(401);
    await writeFile(at.keysFile, '{"keys":');
    await pause(200);
    expect((await at.post(order())).status).toBe(202);
    await writeFile(at.keysFile, JSON.stringify({ keys: [stored] }));
    await pause(200);
    expect((await at.post(order(), { key: clearKey })).status).toBe(202);
    expect((await at.post(order())).status).toBe(401);
    expect(await readFile(at.keysFile, 'utf8')).not.toContain(clearKey);
  });

  it('that goes away revokes no key; when it comes back it counts again', async () => {
    at = await startGatewayFixture();
    const text = await readFile(at.keysFile, 'utf8');
    await rm(at.keysFile);
    await pause(250);
    expect((await at.post(order())).status).toBe(202);
    const complaints = at.log.filter((line) => line.includes('api keys not read'));
    expect(complaints.map((line) => JSON.parse(line).err.code)).toEqual(['ZT-GATEWAY-KEY-FILE']);
    await writeFile(at.keysFile, JSON.stringify({ keys: [] }));
    await pause(200);
    expect((await at.post(order())).status).toBe(401);
    await writeFile(at.keysFile, text);
    await pause(200);
    expect((await at.post(order())).status).toBe(202);
  });
});
