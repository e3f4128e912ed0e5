import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asAnalyst, type Front, startFront, stopFront } from './front-process.ts';

// The real engine in a process of its own, spoken to by the official client and by plain HTTP.

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
    const summary = JSON.parse(whole.headers.get('x-clickhouse-summary') ?? '{}');
    // How many rows a query gave is not known: nothing is said rather than a guess.
    expect([summary.read_rows, summary.result_rows]).toEqual(['1002', undefined]);
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
    await new Promise((resolve) => setTimeout(resolve, 500));
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
    ['SELEC 1', {}, 400, '62'],
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
      ask(slow, { ...asAnalyst, max_execution_time: '1' }).then((r) => r.status),
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
});
