import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

// The real engine in a process of its own, spoken to by the official client and by plain HTTP.

const main = new URL('../../infra/local/src/clickhouse-front/main.ts', import.meta.url).pathname;

interface Front {
  readonly child: ChildProcess;
  readonly url: string;
  readonly output: () => string;
}

async function startFront(directory: string, env: Record<string, string> = {}): Promise<Front> {
  const child = spawn(process.execPath, [main], {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      CLICKHOUSE_FRONT_DIRECTORY: directory,
      CLICKHOUSE_FRONT_PORT: '0',
      CLICKHOUSE_FRONT_ANALYST_PASSWORD: 'reader',
      CLICKHOUSE_FRONT_ANALYST_SECONDS: '3',
      CLICKHOUSE_FRONT_MAX_BODY_MIB: '16',
      CLICKHOUSE_FRONT_ANALYST_MEMORY_MIB: '100',
      CLICKHOUSE_FRONT_ANALYST_RESULT_ROWS: '1000',
      CLICKHOUSE_FRONT_ANALYST_READ_ROWS: '1000000000000',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text) => {
      output += text;
    });
  for (;;) {
    const port = /"port":(\d+)[^\n]*"msg":"listening"/.exec(output)?.[1];
    if (port) return { child, url: `http://127.0.0.1:${port}`, output: () => output };
    if (child.exitCode !== null) throw new Error(`front ended with ${child.exitCode}: ${output}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function stopFront(
  front: Front | undefined,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<number | null> {
  if (!front || front.child.exitCode !== null) return front?.child.exitCode ?? null;
  front.child.kill(signal);
  await once(front.child, 'exit');
  return front.child.exitCode;
}

function row(id: number, text: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(id));
  return Buffer.concat([head, Buffer.from([text.length]), text]);
}

let directory = '';
let front: Front | undefined;
let client: ClickHouseClient;

const base = (): string => front?.url ?? '';
const silent = { log: { level: 127 as const } };
const ask = (
  sql: string | Buffer,
  query: Record<string, string> = {},
  init: RequestInit = {},
): Promise<Response> =>
  fetch(`${base()}/?${new URLSearchParams(query)}`, {
    method: 'POST',
    body: new Uint8Array(Buffer.from(sql)),
    ...init,
  });
const text = async (sql: string, query: Record<string, string> = {}): Promise<string> =>
  (await ask(sql, query)).text();
const asAnalyst = { user: 'analyst', password: 'reader' };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'clickhouse-front-'));
  front = await startFront(directory);
  client = createClient({ url: front.url, ...silent });
  await client.command({ query: 'CREATE DATABASE shop' });
}, 60_000);

afterAll(async () => {
  await client?.close();
  await stopFront(front);
  await rm(directory, { recursive: true, force: true });
}, 60_000);

describe('the ClickHouse front', () => {
  it('answers /ping without a user and counts what was written and read', async () => {
    expect((await client.ping()).success).toBe(true);
    await client.command({ query: 'CREATE TABLE shop.count (a UInt32) ENGINE = MergeTree ORDER BY a' });
    const inserted = await client.insert({
      table: 'shop.count',
      values: [{ a: 1 }, { a: 2 }],
      format: 'JSONEachRow',
    });
    expect(inserted.summary?.written_rows).toBe('2');
    const selected = await client.command({
      query: 'INSERT INTO shop.count SELECT number FROM numbers(1000)',
    });
    expect(selected.summary?.written_rows).toBe('1000');
    const whole = await ask('SELECT a FROM shop.count', { wait_end_of_query: '1' });
    expect(JSON.parse(whole.headers.get('x-clickhouse-summary') ?? '{}')).toMatchObject({
      result_rows: '1002',
    });
  });

  it('carries every type there and back', async () => {
    await client.command({
      query: `CREATE TABLE shop.types (u UInt64, i Int128, f Float64, d Decimal(18,4), s String, n Nullable(String),
        a Array(Tuple(x Int8, y String)), m Map(String, UInt32), t DateTime64(3, 'UTC'), d32 Date32, id UUID,
        l LowCardinality(String), b Bool, e Enum8('unknown' = 0, 'paid' = 1)) ENGINE = MergeTree ORDER BY u`,
    });
    const record = {
      u: '18446744073709551615',
      i: '-170141183460469231731687303715884105728',
      f: 0.1,
      d: 12345678.9012,
      s: '中台 \' " \\ \n\n \t',
      n: null,
      a: [{ x: -1, y: 'é' }],
      m: { k: 4 },
      t: '2026-11-23 01:02:03.456',
      d32: '1925-01-01',
      id: '01890a5d-ac96-774b-bcce-b302099a8057',
      l: 'tw',
      b: true,
      e: 'paid',
    };
    await client.insert({ table: 'shop.types', values: [record], format: 'JSONEachRow' });
    const result = await client.query({
      query: 'SELECT * FROM shop.types',
      format: 'JSONEachRow',
      clickhouse_settings: {
        output_format_json_quote_64bit_integers: 1,
        output_format_json_named_tuples_as_objects: 1,
      },
    });
    expect(await result.json()).toEqual([record]);
    for (const format of [
      'Native',
      'Parquet',
      'RowBinaryWithNamesAndTypes',
      'JSONCompactEachRow',
      'TSV',
      'CSV',
      'ArrowStream',
    ]) {
      const bytes = Buffer.from(await (await ask(`SELECT * FROM shop.types FORMAT ${format}`)).arrayBuffer());
      const back = await ask(bytes, { query: `INSERT INTO shop.types FORMAT ${format}` });
      expect([format, back.status, await back.text()]).toEqual([format, 200, '']);
    }
    expect(
      await text('SELECT count(), uniqExact(cityHash64(* EXCEPT n)), countIf(n IS NULL) FROM shop.types'),
    ).toBe('128\t1\t128\n');
  });

  it('takes and gives RowBinary byte for byte', async () => {
    await client.command({
      query: 'CREATE TABLE shop.raw (id UInt64, s String) ENGINE = MergeTree ORDER BY id',
    });
    // 0x0A0A = 2570 begins with two line ends, which end inline data of a query text.
    const texts = [
      Buffer.from([0, 0, 10, 10, 0]),
      Buffer.from('\n\n;--'),
      Buffer.from([...Array(127).keys()]),
      Buffer.alloc(0),
    ];
    const rows = [2570, 10, 0, 168430090].map((id, at) => row(id, texts[at] ?? Buffer.alloc(0)));
    const sent = await client.exec({
      query: 'INSERT INTO shop.raw (id, s) FORMAT RowBinary',
      values: Readable.from(rows, { objectMode: false }),
    });
    sent.stream.destroy();
    expect(sent.summary?.written_rows).toBe('4');
    const inBody = Buffer.concat([
      Buffer.from('INSERT INTO shop.raw FORMAT RowBinary\n'),
      row(99, Buffer.from([0xff, 0])),
    ]);
    expect((await ask(inBody)).status).toBe(200);
    const back = await ask('SELECT id, s FROM shop.raw ORDER BY id FORMAT RowBinary');
    const sorted = [rows[2], rows[1], row(99, Buffer.from([0xff, 0])), rows[0], rows[3]].map(
      (b) => b ?? Buffer.alloc(0),
    );
    expect(Buffer.from(await back.arrayBuffer())).toEqual(Buffer.concat(sorted));
    const broken = await ask(row(1, Buffer.from('abc')).subarray(0, 10), {
      query: 'INSERT INTO shop.raw FORMAT RowBinary',
    });
    expect([broken.ok, broken.headers.get('x-clickhouse-exception-code')]).toEqual([false, '33']);
    expect(await broken.text()).not.toContain('/dev/shm');
  });

  it('streams a long result with bounded memory and stops when the client goes away', async () => {
    const streamed = await client.query({
      query: 'SELECT number FROM numbers(500000)',
      format: 'JSONEachRow',
    });
    let rows = 0;
    for await (const part of streamed.stream()) rows += part.length;
    expect(rows).toBe(500_000);

    const rssMiB = async (): Promise<number> =>
      Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${front?.child.pid}/status`, 'utf8'))?.[1]) / 1024;
    const before = await rssMiB();
    const post = httpRequest(base(), { method: 'POST' });
    post.end('SELECT number, randomPrintableASCII(100) FROM numbers(50000000)');
    const [response] = await once(post, 'response');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect((await rssMiB()) - before).toBeLessThan(250);
    response.destroy();
    await expectNothingRunning();
  });

  it('gives formats with a head or a foot as one document', async () => {
    const long = 'SELECT number FROM numbers(200000)';
    const json = JSON.parse(await text(`${long} FORMAT JSON`));
    expect([json.rows, json.data.length]).toEqual([200_000, 200_000]);
    const csv = (await text(`${long} FORMAT CSVWithNames`)).split('\n');
    expect([csv.length, csv.filter((line) => line === '"number"').length]).toEqual([200_002, 1]);
    const totals = await text(
      'SELECT number % 2 AS k, count() FROM numbers(10) GROUP BY k WITH TOTALS ORDER BY k',
    );
    expect(totals).toBe('0\t5\n1\t5\n\n0\t10\n');
    const huge = await ask('SELECT randomPrintableASCII(1000) FROM numbers(100000) FORMAT JSON');
    expect(huge.headers.get('x-clickhouse-exception-code')).toBe('396');
  });

  async function expectNothingRunning(): Promise<void> {
    const deadline = Date.now() + 5000;
    for (;;) {
      if ((await text('SELECT count() FROM system.processes')) === '1\n') return;
      if (Date.now() > deadline) throw new Error(await text('SELECT query, elapsed FROM system.processes'));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  it('stops a statement that has given nothing yet when the client aborts', async () => {
    const abort = new AbortController();
    const query = 'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)';
    const asked = client.query({ query, abort_signal: abort.signal }).then(
      () => 'answered',
      () => 'aborted',
    );
    setTimeout(() => abort.abort(), 200);
    expect(await asked).toBe('aborted');
    await expectNothingRunning();
  });

  it('reads and writes compressed bodies', async () => {
    const encoders = {
      gzip: zlib.gzipSync,
      zstd: zlib.zstdCompressSync,
      br: zlib.brotliCompressSync,
      deflate: zlib.deflateSync,
    };
    for (const [encoding, encode] of Object.entries(encoders)) {
      const body = new Uint8Array(encode(Buffer.from(`SELECT '${encoding}', sum(number) FROM numbers(10)`)));
      const response = await fetch(`${base()}/?enable_http_compression=1`, {
        method: 'POST',
        body,
        headers: { 'content-encoding': encoding, 'accept-encoding': encoding },
      });
      expect([response.headers.get('content-encoding'), encoding]).toEqual([encoding, encoding]);
      if (encoding !== 'zstd') expect(await response.text()).toBe(`${encoding}\t45\n`);
      else await response.body?.cancel();
    }
    const packed = createClient({ url: base(), compression: { request: true, response: true }, ...silent });
    await packed.insert({ table: 'shop.count', values: [{ a: 7_000_001 }], format: 'JSONEachRow' });
    const result = await packed.query({ query: 'SELECT max(a) AS a FROM shop.count', format: 'JSONEachRow' });
    expect(await result.json()).toEqual([{ a: 7_000_001 }]);
    await packed.close();
    const junk = await ask('not gzip', {}, { headers: { 'content-encoding': 'gzip' } });
    expect(junk.headers.get('x-clickhouse-exception-code')).toBe('271');
  });

  it('binds parameters as values, never as text', async () => {
    const nasty = `'; DROP TABLE shop.count; -- \\ \n\t {x:String} "\``;
    const result = await client.query({
      query: 'SELECT {s:String} AS s, {a:Array(String)} AS a, {n:Nullable(UInt8)} AS n, {d:Date} AS d',
      query_params: { s: nasty, a: [nasty, 'b'], n: null, d: '2026-11-23' },
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([{ s: nasty, a: [nasty, 'b'], n: null, d: '2026-11-23' }]);
    expect(await text('SELECT count() > 0 FROM {t:Identifier}', { param_t: 'count', database: 'shop' })).toBe(
      '1\n',
    );
  });

  it.each([
    ['SELECT nope', {}, 404, '47'],
    ['SELEC 1', {}, 403, '497'],
    ['SELECT FROM WHERE', {}, 400, '62'],
    ['SELECT 1; SELECT 2', {}, 400, '62'],
    ['SELECT {x:UInt8}', {}, 500, '456'],
    ['SELECT 1', { nope_setting: '1' }, 404, '115'],
    ['SELECT 1', { database: 'nowhere' }, 404, '81'],
    ['SELECT 1', { user: 'default', password: 'wrong' }, 403, '516'],
    ['SELECT sum(sipHash64(number)) FROM numbers(100000000000)', { max_execution_time: '1' }, 408, '159'],
    ['SELECT groupArray(number) FROM numbers(100000000)', { max_memory_usage: '50000000' }, 500, '241'],
  ])('answers %s %j with the code of ClickHouse', async (sql, query, status, code) => {
    const response = await ask(sql, query);
    expect([response.status, response.headers.get('x-clickhouse-exception-code')]).toEqual([status, code]);
    expect(await response.text()).toMatch(
      new RegExp(`^Code: ${code}\\. DB::Exception: .*\\([A-Z_]+\\) \\(version 26`, 's'),
    );
  });

  it('marks an exception in the middle of a result, so that the client throws it', async () => {
    const result = await client.query({
      query: 'SELECT throwIf(number = 900000) AS x FROM numbers(1000000)',
      format: 'JSONEachRow',
    });
    await expect(result.json()).rejects.toMatchObject({ code: '395' });
  });

  it('serves many clients at once, and a slow question stops neither inserts nor /ping', async () => {
    await client.command({
      query: 'CREATE TABLE shop.many (w UInt16, n UInt32) ENGINE = MergeTree ORDER BY w',
    });
    // A scalar subquery is computed before the first chunk can be asked for.
    const slow = 'SELECT (SELECT sum(sipHash64(number)) FROM numbers(100000000000))';
    const slowOnes = [1, 2, 3].map(() =>
      ask(slow, { ...asAnalyst, max_execution_time: '2' }).then((r) => r.status),
    );
    let slowest = 0;
    const writers = Array.from({ length: 20 }, async (_, w) => {
      for (let n = 0; n < 5; n += 1) {
        const began = performance.now();
        await fetch(`${base()}/ping`);
        slowest = Math.max(slowest, performance.now() - began);
        await client.insert({ table: 'shop.many', values: [{ w, n }], format: 'JSONEachRow' });
      }
    });
    await Promise.all(writers);
    expect(await text('SELECT count(), uniqExact(w, n) FROM shop.many')).toBe('100\t100\n');
    expect(slowest).toBeLessThan(1000);
    expect(await Promise.all(slowOnes)).toEqual([408, 408, 408]);
  });

  it('drops a repeated insert by its token', async () => {
    await client.command({
      query: `CREATE TABLE shop.once (a UInt32) ENGINE = MergeTree ORDER BY a
        SETTINGS non_replicated_deduplication_window = 10000`,
    });
    const insert = (token: string, a: number) =>
      ask(`INSERT INTO shop.once FORMAT JSONEachRow\n{"a":${a}}`, { insert_deduplication_token: token });
    for (const [token, a] of [
      ['one', 1],
      ['one', 1],
      ['two', 1],
      ['one', 1],
    ] as const)
      await insert(token, a);
    expect(await text('SELECT count() FROM shop.once')).toBe('2\n');
  });

  it('refuses what is more than it can queue, and says when to come again', async () => {
    const spare = await mkdtemp(join(tmpdir(), 'clickhouse-front-'));
    const small = await startFront(spare, { CLICKHOUSE_FRONT_LANES: '2', CLICKHOUSE_FRONT_QUEUE: '1' });
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => fetch(small.url, { method: 'POST', body: 'SELECT sleep(0.5)' })),
    );
    const refused = answers.filter((answer) => answer.status === 503);
    expect(refused.length).toBeGreaterThanOrEqual(3);
    for (const answer of refused) {
      expect([answer.headers.get('x-clickhouse-exception-code'), answer.headers.get('retry-after')]).toEqual([
        '202',
        '1',
      ]);
    }
    // A second process on the same directory ends with the reason.
    await expect(startFront(spare)).rejects.toThrow(/Another server instance in same directory/);
    expect(await stopFront(small)).toBe(0);
    await rm(spare, { recursive: true, force: true });
  }, 30_000);

  it('keeps every acknowledged row over kill -9, once', async () => {
    const place = await mkdtemp(join(tmpdir(), 'clickhouse-front-'));
    let victim = await startFront(place);
    const post = async (sql: string, query: Record<string, string> = {}) => {
      const response = await fetch(`${victim.url}/?${new URLSearchParams(query)}`, {
        method: 'POST',
        body: sql,
      });
      if (!response.ok) throw new Error(await response.text());
      return response.text();
    };
    await post(`CREATE TABLE t (batch UInt32, n UInt32) ENGINE = MergeTree ORDER BY batch
      SETTINGS non_replicated_deduplication_window = 1000`);
    const insert = (batch: number) =>
      post(`INSERT INTO t SELECT ${batch}, number FROM numbers(500)`, {
        insert_deduplication_token: `b${batch}`,
      });
    let acknowledged = -1;
    const killedAfter = async (more: number, delayMs: number): Promise<void> => {
      const enough = acknowledged + more;
      for (;;) {
        const stored = await insert(acknowledged + 1).then(
          () => true,
          () => false,
        );
        if (!stored) break;
        acknowledged += 1;
        if (acknowledged === enough) setTimeout(() => victim.child.kill('SIGKILL'), delayMs);
      }
      if (victim.child.signalCode === null) await once(victim.child, 'exit');
      victim = await startFront(place);
    };
    await killedAfter(5, 0);
    await killedAfter(5, 7);
    // The insert whose answer was lost may be stored or not; with its token it may be sent again.
    await insert(acknowledged + 1);
    const batches = acknowledged + 2;
    expect(await post('SELECT count(), uniqExact(batch, n), max(batch) FROM t')).toBe(
      `${batches * 500}\t${batches * 500}\t${batches - 1}\n`,
    );
    await stopFront(victim);
    await rm(place, { recursive: true, force: true });
  }, 60_000);
});

const outside = 'Code: 497. DB::Exception: Not allowed here';

describe('the sandbox, against the real engine', () => {
  // Valid SQL for the engine, which would do it: refused to everybody, refused even to our services, and refused
  // to the analyst only.
  const {
    forEveryone,
    forServices,
    forAnalyst,
  }: Record<'forEveryone' | 'forServices' | 'forAnalyst', string[]> = JSON.parse(
    readFileSync(new URL('escape-attempts.json', `file://${main}`), 'utf8'),
  );
  const outcome = async (sql: string, query: Record<string, string>) => {
    const response = await ask(sql, query);
    return { sql, refused: !response.ok, body: await response.text() };
  };

  it('lets nobody out', async () => {
    for (const query of [{}, asAnalyst]) {
      for (const sql of [...forEveryone, ...forServices]) {
        const { refused, body } = await outcome(sql, query);
        const word = 'user' in query && forServices.includes(sql) ? /497|164/ : /497/;
        expect([sql, refused, body]).toEqual([sql, true, expect.stringMatching(word)]);
      }
    }
    expect(await text(forEveryone[0] ?? '')).toContain(outside);
    await expect(readFile('/tmp/front-was-here')).rejects.toThrow();
  });

  it('lets an analyst read, within limits, and nothing else', async () => {
    expect(await text('SELECT sum(number) FROM numbers(5)', asAnalyst)).toBe('10\n');
    expect(await text("SHOW TABLES FROM shop LIKE 'count'", asAnalyst)).toBe('count\n');
    for (const sql of forAnalyst) {
      const { refused, body } = await outcome(sql, asAnalyst);
      expect([sql, refused, body]).toEqual([sql, true, expect.stringMatching(/^Code: (164|396|497)\./)]);
    }
    const byUrl: Record<string, string>[] = [
      { readonly: '0' },
      { max_execution_time: '0' },
      { max_memory_usage: '99999999999' },
      { allow_ddl: '1' },
      { format_schema: '/etc/hostname' },
      { database: 'system' },
      { dialect: 'prql' },
      { param_t: 'system.parts' },
    ];
    for (const given of byUrl) {
      const { refused, body } = await outcome('SELECT count() FROM {t:Identifier}', {
        param_t: 'shop.count',
        ...asAnalyst,
        ...given,
      });
      if ('readonly' in given)
        expect(
          (await outcome('CREATE TABLE x (a Int8) ENGINE = Memory', { ...asAnalyst, ...given })).refused,
        ).toBe(true);
      else
        expect([given, refused, body]).toEqual([
          given,
          true,
          expect.stringMatching(/^Code: (164|452|497)\./),
        ]);
    }
  });
});
