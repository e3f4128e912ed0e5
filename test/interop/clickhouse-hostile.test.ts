import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asAnalyst, type Front, startFront, stopFront } from './front-process.ts';

// The ClickHouse front among clients who mean no good, or do wrong by accident: small limits, one real process.

const mib = 1024 * 1024;
let directory = '';
let front: Front | undefined;
const base = (): string => front?.url ?? '';

async function ask(
  sql: string,
  query: Record<string, string> = {},
): Promise<{ status: number; code: string; body: string; retryAfter: string | null }> {
  const response = await fetch(`${base()}/?${new URLSearchParams(query)}`, { method: 'POST', body: sql });
  return {
    status: response.status,
    code: response.headers.get('x-clickhouse-exception-code') ?? '',
    body: await response.text(),
    retryAfter: response.headers.get('retry-after'),
  };
}

/** Sends bytes as they are and takes the first line of the answer. */
async function raw(text: string): Promise<string> {
  const socket = connect(Number(new URL(base()).port), '127.0.0.1');
  socket.write(text);
  const [answer] = await once(socket, 'data');
  socket.destroy();
  return String(answer).split('\r\n')[0] ?? '';
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'clickhouse-hostile-'));
  front = await startFront(directory, {
    CLICKHOUSE_FRONT_LANES: '3',
    CLICKHOUSE_FRONT_QUEUE: '2',
    CLICKHOUSE_FRONT_ANALYST_QUEUE: '1',
    CLICKHOUSE_FRONT_QUEUE_SECONDS: '1',
    CLICKHOUSE_FRONT_IDLE_SECONDS: '1',
  });
  await ask('CREATE DATABASE shop');
  await ask('CREATE TABLE shop.count (a UInt32) ENGINE = MergeTree ORDER BY a');
}, 60_000);

afterAll(async () => {
  await stopFront(front);
  await rm(directory, { recursive: true, force: true });
}, 60_000);

describe('the sandbox, against the real engine', () => {
  // Valid SQL for the engine, which would do most of it; `make prove-interop` sends the same list by curl.
  interface Attempt {
    readonly attempt: string;
    readonly query: string;
    readonly settings?: Record<string, string>;
    readonly refusedTo?: 'everybody';
  }
  const attempts: Attempt[] = JSON.parse(
    readFileSync(new URL('analyst-attempts.json', import.meta.url), 'utf8'),
  );

  it('lets nobody out', async () => {
    for (const { query, refusedTo, settings } of attempts) {
      const { code, body } = await ask(query, { ...asAnalyst, ...settings });
      expect([query, code, body]).toEqual([query, expect.stringMatching(/^(62|164|396|452|497)$/), body]);
      if (refusedTo !== 'everybody') continue;
      const service = await ask(query);
      expect([query, service.code, service.body]).toEqual([query, '497', service.body]);
    }
    await expect(access('/tmp/zhongtai-analyst-was-here')).rejects.toThrow();
  }, 30_000);

  it('lets an analyst read, within limits', async () => {
    expect((await ask('SELECT sum(number) FROM numbers(5)', asAnalyst)).body).toBe('10\n');
    expect((await ask("SHOW TABLES FROM shop LIKE 'count'", asAnalyst)).body).toBe('count\n');
    expect((await ask('SELECT number FROM numbers(2000)', asAnalyst)).code).toBe('396');
    const everyKind = `WITH t AS (SELECT number AS n, [1, 2] AS l, (1, 'b') AS p FROM numbers(3))
      SELECT sumIf(n, n IN (0, 1)), arrayMap(x -> x + 1, any(l))[1], CASE WHEN n = 1 THEN 'a' ELSE 'b' END,
        n::String, EXISTS(SELECT 1), row_number() OVER (ORDER BY n), countDistinctIf(n, n > 0),
        extract(YEAR FROM now()) > 2000, toStartOfInterval(now(), INTERVAL 1 DAY) = today(), any(p).1, trim(' x ')
      FROM t ARRAY JOIN l AS e GROUP BY n ORDER BY n LIMIT 1 BY n`;
    expect(await ask(everyKind, asAnalyst)).toMatchObject({
      status: 200,
      code: '',
      body: expect.stringMatching(/b/),
    });
    expect(
      (await ask('SELECT * APPLY(x -> toString(x)) APPLY(length) FROM numbers(1)', asAnalyst)).body,
    ).toBe('1\n');
  });

  it('was written for exactly the functions of this engine', async () => {
    const names =
      "SELECT DISTINCT lower(name) AS n FROM system.functions WHERE NOT startsWith(n, '__') ORDER BY n";
    const pinned = new URL('../../infra/local/src/clickhouse-front/functions.txt', import.meta.url);
    expect((await ask(names)).body).toBe(readFileSync(pinned, 'utf8'));
  });
});

describe('one client never stops the others', () => {
  it.each(['//', '//[', 'http://[', '/\\', '*', '/?query=SELECT%201&query_id=a%0Ab'])(
    'by the request target %s',
    async (target) => {
      expect(await raw(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatch(/^HTTP\/1\.1 [24]\d\d /);
      expect((await ask('SELECT 1')).body).toBe('1\n');
    },
  );

  it('by a statement of 64 MB, which is refused before it is all there', async () => {
    const long = ask(`SELECT ${'1,'.repeat(32 * mib)}1`, asAnalyst);
    const pings: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      const began = performance.now();
      await fetch(`${base()}/ping`);
      pings.push(performance.now() - began);
    }
    expect(await long).toMatchObject({ status: 400, code: '62' });
    expect(Math.max(...pings)).toBeLessThan(1000);
    expect(await ask(`SELECT ${'1,'.repeat(mib)}1`)).toMatchObject({ status: 400, code: '62' });
    expect((await ask(`SELECT length('${'a'.repeat(250_000)}')`, asAnalyst)).body).toBe('250000\n');
  }, 30_000);

  it('by bodies that are never finished: they count while they come, and have a time to come', async () => {
    const uploads = [15, 15, 15].map((size) => {
      const post = httpRequest(`${base()}/?query=INSERT+INTO+shop.count+FORMAT+CSV`, {
        method: 'POST',
        headers: { 'content-length': 16 * mib },
      });
      post.on('error', () => {});
      post.write(Buffer.alloc(size * mib, '1\n'));
      return once(post, 'response').then(([response]) => {
        response.resume();
        post.destroy();
        return response.headers['x-clickhouse-exception-code'];
      });
    });
    const codes = await Promise.all(uploads);
    expect(codes.toSorted()).toEqual(['202', '209', '209']);
    expect((await ask(`INSERT INTO shop.count FORMAT CSV\n${'1\n'.repeat(7 * mib)}`)).status).toBe(200);
    expect((await ask('x'.repeat(17 * mib))).code).toBe('229');
  }, 20_000);

  it('by answers that nobody takes', async () => {
    const sql = encodeURIComponent("SELECT repeat('x', 1000000) FROM numbers(900)");
    const sockets = [1, 2].map(() => {
      const socket = connect(Number(new URL(base()).port), '127.0.0.1').pause();
      socket.write(
        `GET /?user=analyst&password=reader&max_block_size=1&query=${sql} HTTP/1.1\r\nHost: x\r\n\r\n`,
      );
      return socket;
    });
    await sleep(300);
    const deadline = performance.now() + 6000;
    let answer = await ask('SELECT 1', asAnalyst);
    while (answer.code === '202' && performance.now() < deadline) answer = await ask('SELECT 1', asAnalyst);
    for (const socket of sockets) socket.destroy();
    expect(answer.body).toBe('1\n');
  }, 20_000);

  it('by more statements than can be queued: each is told when to come again', async () => {
    const services = await Promise.all(Array.from({ length: 8 }, () => ask('SELECT sleep(0.4)')));
    const refused = services.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThanOrEqual(3);
    for (const answer of refused) expect(answer).toMatchObject({ code: '202', retryAfter: '1' });
    const analysts = Array.from({ length: 8 }, () => ask('SELECT sleep(0.9)', asAnalyst));
    await sleep(200);
    expect((await ask('SELECT 7')).body).toBe('7\n');
    expect((await Promise.all(analysts)).filter(({ status }) => status === 503).length).toBeGreaterThan(4);
  }, 20_000);

  it('and the front has counted them', async () => {
    const metrics = await (await fetch(`${base()}/metrics`)).text();
    expect(metrics).toMatch(/zhongtai_clickhouse_queries_total\{user="analyst",result="refused"\} \d+/);
    expect(metrics).toMatch(/zhongtai_clickhouse_body_bytes 0\n/);
  });

  it('nor by a second process on the same directory, which ends with the reason', async () => {
    await expect(startFront(directory)).rejects.toThrow(/Another server instance in same directory/);
    expect(await stopFront(front)).toBe(0);
  }, 30_000);
});
