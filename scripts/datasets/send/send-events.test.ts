import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ApiEvent } from '../dataset.ts';
import { type SendOptions, sendEvents } from './send-events.ts';

/** What the server does with the n-th request (from 0): answer it, or harm it. */
type Behaviour = (request: number, events: readonly ApiEvent[], response: ServerResponse) => void;

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

interface Gateway {
  readonly url: string;
  /** Events by id, with how many times each was stored. */
  readonly stored: Map<string, number>;
  readonly requests: { count: number; mostAtOnce: number; connections: number; keys: Set<string> };
}

async function startGateway(behaviour: Behaviour): Promise<Gateway> {
  const stored = new Map<string, number>();
  const requests = { count: 0, mostAtOnce: 0, connections: 0, keys: new Set<string>() };
  let open = 0;
  const started = createServer(async (request, response) => {
    open += 1;
    requests.mostAtOnce = Math.max(requests.mostAtOnce, open);
    requests.keys.add(request.headers.authorization ?? '');
    const number = requests.count;
    requests.count += 1;
    response.on('close', () => {
      open -= 1;
    });
    const events = await bodyOf(request);
    behaviour(number, events, response);
  });
  started.on('connection', () => {
    requests.connections += 1;
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const { port } = started.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stored, requests };
}

async function bodyOf(request: IncomingMessage): Promise<ApiEvent[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

function answer(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

function store(gateway: Gateway, events: readonly ApiEvent[], response: ServerResponse | null): void {
  for (const { event_id } of events) gateway.stored.set(event_id, (gateway.stored.get(event_id) ?? 0) + 1);
  if (response !== null) answer(response, 202, { accepted: events.length, rejected: [] });
}

function batchesOf(count: number, size: number): ApiEvent[][] {
  return Array.from({ length: count }, (_, batch) =>
    Array.from({ length: size }, (__, index) => ({
      event_type: 'pos_sale',
      event_id: `${batch}-${index}`,
      event_time: 0,
      identities: [],
    })),
  );
}

const fast = { key: 'secret', baseBackoffMs: 1, maxBackoffMs: 5 } satisfies Partial<SendOptions>;

describe('sendEvents', () => {
  it('brings every event through resets, refusals, half answers and lost answers, with the same event_ids', async () => {
    const gateway: Gateway = await startGateway((number, events, response) => {
      if (number % 7 === 1) return void response.destroy();
      if (number % 7 === 2)
        return answer(response, 503, { accepted: 0, rejected: [], code: 'ZT-GATEWAY-KAFKA' });
      if (number % 7 === 3) return answer(response, 429, { code: 'ZT-GATEWAY-BUSY' });
      if (number % 7 === 4) {
        response.writeHead(202, { 'content-length': 100 });
        response.write('{"accepted":');
        return void setTimeout(() => response.destroy(), 2);
      }
      if (number % 7 === 5) {
        store(gateway, events, null);
        return void response.destroy();
      }
      return store(gateway, events, response);
    });
    const report = await sendEvents({ ...fast, url: gateway.url, batches: batchesOf(60, 10) });
    expect(report).toMatchObject({ sent: 600, accepted: 600, rejected: 0 });
    expect(gateway.stored.size).toBe(600);
    expect(report.retried).toBe((gateway.requests.count - 60) * 10);
    expect(report.retried).toBeGreaterThan(0);
    expect([...gateway.stored.values()].some((times) => times > 1)).toBe(true);
    expect(report.requests).toEqual({
      202: 60,
      429: expect.any(Number),
      503: expect.any(Number),
      none: expect.any(Number),
    });
    expect(gateway.requests.keys).toEqual(new Set(['Bearer secret']));
  });

  it('waits as long as Retry-After asks', async () => {
    const gateway: Gateway = await startGateway((number, events, response) => {
      if (number === 0) return answer(response, 503, { code: 'ZT-GATEWAY-BUSY' }, { 'retry-after': '1' });
      return store(gateway, events, response);
    });
    const report = await sendEvents({ ...fast, url: gateway.url, batches: batchesOf(1, 1) });
    expect(report.elapsedMs).toBeGreaterThanOrEqual(1_000);
    expect(report.acceptMs.p50).toBeGreaterThan(970);
  });

  it('sends again only what was shed, and reports what was refused for good', async () => {
    const gateway: Gateway = await startGateway((number, events, response) => {
      if (number > 0) return store(gateway, events, response);
      const rejected = [
        { index: 1, code: 'ZT-GATEWAY-TYPE', path: '/qty', message: 'must be a number' },
        { index: 2, code: 'ZT-GATEWAY-SHED', path: '', message: 'later', retryable: true },
      ];
      return answer(response, 202, { accepted: 2, rejected });
    });
    const report = await sendEvents({ ...fast, url: gateway.url, batches: batchesOf(1, 4) });
    expect(report).toMatchObject({ sent: 4, accepted: 3, rejected: 1, retried: 1 });
    expect(report.rejectedByCode).toEqual({ 'ZT-GATEWAY-TYPE': 1 });
    expect(report.rejections).toMatchObject([{ eventId: '0-1', path: '/qty' }]);
    expect([...gateway.stored.keys()]).toEqual(['0-2']);
  });

  it('halves a batch that is too large, down to the one event that is', async () => {
    const gateway: Gateway = await startGateway((_, events, response) => {
      const tooLarge = events.length > 3 || events.some(({ event_id }) => event_id === '0-5');
      if (tooLarge) return answer(response, 413, { accepted: 0, rejected: [], code: 'ZT-GATEWAY-TOO-LARGE' });
      return store(gateway, events, response);
    });
    const report = await sendEvents({ ...fast, url: gateway.url, batches: batchesOf(1, 10) });
    expect(report).toMatchObject({ sent: 10, accepted: 9, rejectedByCode: { 'ZT-GATEWAY-TOO-LARGE': 1 } });
    expect(gateway.stored.size).toBe(9);
  });

  it('counts a request that was slower than its time as failed', async () => {
    const gateway: Gateway = await startGateway((number, events, response) => {
      if (number > 0) store(gateway, events, response);
    });
    const report = await sendEvents({ ...fast, url: gateway.url, batches: batchesOf(1, 2), timeoutMs: 100 });
    expect(report).toMatchObject({ accepted: 2, retried: 2, requests: { none: 1, 202: 1 } });
  });

  it('stops at once when the key is refused', async () => {
    const gateway = await startGateway((_, __, response) =>
      answer(response, 401, { accepted: 0, rejected: [], code: 'ZT-GATEWAY-UNAUTHORIZED' }),
    );
    const sending = sendEvents({ ...fast, url: gateway.url, batches: batchesOf(1_000, 1), concurrency: 4 });
    await expect(sending).rejects.toMatchObject({ code: 'ZT-SEND-KEY', failure: 'fatal' });
    expect(gateway.requests.count).toBeLessThan(10);
  });

  it('gives up in the end, saying why', async () => {
    const gateway = await startGateway((_, __, response) =>
      answer(response, 503, { code: 'ZT-GATEWAY-KAFKA' }),
    );
    const sending = sendEvents({ ...fast, url: gateway.url, batches: batchesOf(3, 5), giveUpAfterMs: 200 });
    await expect(sending).rejects.toMatchObject({
      code: 'ZT-SEND-GAVE-UP',
      message: expect.stringContaining('ZT-GATEWAY-KAFKA'),
    });
  });

  it.each([
    ['counts fewer than were sent', { accepted: 2, rejected: [] }],
    ['names an index that was not sent', { accepted: 2, rejected: [{ index: 9, code: 'X' }] }],
    ['names one index twice', { accepted: 1, rejected: [{ index: 0 }, { index: 0 }] }],
    ['says nothing', {}],
  ])('stops when a 202 %s', async (_, body) => {
    const gateway = await startGateway((__, ___, response) => answer(response, 202, body));
    const sending = sendEvents({ ...fast, url: gateway.url, batches: batchesOf(1, 3) });
    await expect(sending).rejects.toMatchObject({ code: 'ZT-SEND-ANSWER', failure: 'fatal' });
  });

  it('keeps as many connections and batches as it was told, and takes batches only as they are sent', async () => {
    let taken = 0;
    let mostAhead = 0;
    async function* source(): AsyncGenerator<ApiEvent[]> {
      for (const batch of batchesOf(50, 2)) {
        taken += 1;
        mostAhead = Math.max(mostAhead, taken - gateway.stored.size / 2);
        yield batch;
      }
    }
    const gateway: Gateway = await startGateway((_, events, response) => {
      setTimeout(() => store(gateway, events, response), 2);
    });
    const report = await sendEvents({
      ...fast,
      url: gateway.url,
      batches: source(),
      concurrency: 3,
      samples: 10,
    });
    expect(report.accepted).toBe(100);
    expect(gateway.requests).toMatchObject({ count: 50, mostAtOnce: 3, connections: 3 });
    expect(mostAhead).toBeLessThanOrEqual(4);
    expect(report.samples).toHaveLength(10);
    for (const { sentAt, acceptedAt, eventId } of report.samples) {
      expect(acceptedAt).toBeGreaterThanOrEqual(sentAt);
      expect(gateway.stored.has(eventId)).toBe(true);
    }
  });

  it('ends when the caller says so', async () => {
    const gateway = await startGateway(() => undefined);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    const sending = sendEvents({ ...fast, url: gateway.url, batches: batchesOf(9, 1), signal: stop.signal });
    await expect(sending).rejects.toMatchObject({ code: 'ZT-SEND-ABORTED' });
  });

  it('passes on a failure of the source of events', async () => {
    const gateway: Gateway = await startGateway((_, events, response) => store(gateway, events, response));
    async function* broken(): AsyncGenerator<ApiEvent[]> {
      yield* batchesOf(3, 1);
      throw new Error('the file is broken');
    }
    await expect(sendEvents({ ...fast, url: gateway.url, batches: broken() })).rejects.toThrow(
      'the file is broken',
    );
  });
});
