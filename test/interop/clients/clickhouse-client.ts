/**
 * An outside ClickHouse user with the official client: types, streams, compression, parameters, errors, abort.
 * Prints one JSON line a check and ends with 1 when one failed.
 */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { readJob } from './kafka-common.ts';

interface Job {
  url: string;
  database: string;
}

const { url, database } = readJob<Job>();
const quiet = { url, database, log: { level: ClickHouseLogLevel.OFF } };
const plain = createClient({ ...quiet, username: 'default' });
const packed = createClient({ ...quiet, compression: { request: true, response: true } });

const typed = `id UInt64, small Int8, big Int64, ratio Float64, price Decimal(18, 2), name String, code FixedString(3),
  day Date32, at DateTime64(3, 'UTC'), who UUID, kind Enum8('a' = 1, 'b' = 2), tag LowCardinality(Nullable(String)),
  list Array(Nullable(Int32)), pairs Array(Tuple(String, UInt8)), props Map(String, String), ip IPv4, flag Bool`;
const typedRow = {
  id: '18446744073709551615',
  small: -128,
  big: '-9223372036854775808',
  ratio: 0.1,
  price: 12345678.99,
  name: '中台 \u0000 "quoted" \\ 🛒\n',
  code: 'abc',
  day: '2200-01-01',
  at: '2017-02-28 23:59:59.999',
  who: '61f0c404-5cb3-11e7-907b-a6006ad3dba0',
  kind: 'b',
  tag: null,
  list: [1, null, -3],
  pairs: [['x', 1]],
  props: { 門市: '信義' },
  ip: '127.0.0.1',
  flag: true,
};

async function table(client: ClickHouseClient, name: string, columns: string): Promise<string> {
  await client.command({
    query: `CREATE OR REPLACE TABLE ${name} (${columns}) ENGINE = MergeTree ORDER BY id`,
  });
  return name;
}

async function roundTrip(client: ClickHouseClient): Promise<void> {
  const name = await table(client, 'outside_types', typed);
  const { summary } = await client.insert({ table: name, values: [typedRow], format: 'JSONEachRow' });
  assert.equal(summary?.written_rows, '1');
  const result = await client.query({
    query: `SELECT * FROM ${name}`,
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
  });
  assert.deepEqual(await result.json(), [typedRow]);
}

async function streams(client: ClickHouseClient): Promise<void> {
  const rows = 50_000;
  const name = await table(client, 'outside_stream', 'id UInt32, text String');
  const source = function* () {
    for (let id = 0; id < rows; id++) yield [id, `row ${id}`];
  };
  await client.insert({ table: name, values: Readable.from(source()), format: 'JSONCompactEachRow' });
  const result = await client.query({ query: `SELECT id FROM ${name} ORDER BY id`, format: 'JSONEachRow' });
  let next = 0;
  for await (const chunk of result.stream<{ id: number }>()) {
    for (const row of chunk) assert.equal(row.json().id, next++);
  }
  assert.equal(next, rows);
}

async function fails(query: string, code: string, client = plain): Promise<void> {
  await assert.rejects(
    () => client.query({ query }).then((result) => result.text()),
    (error: unknown) => {
      assert.ok(typeof error === 'object' && error !== null && 'code' in error, String(error));
      assert.equal(error.code, code);
      return true;
    },
  );
}

const checks: Record<string, () => Promise<void>> = {
  ping: async () => assert.ok((await plain.ping()).success),
  types: () => roundTrip(plain),
  'types, compressed': () => roundTrip(packed),
  streams: () => streams(plain),
  'streams, compressed': () => streams(packed),
  async parameters() {
    const result = await plain.query({
      query: `SELECT {s: String} AS s, {n: UInt64} AS n, {a: Array(String)} AS a, {t: DateTime64(3, 'UTC')} AS t,
        {missing: Nullable(String)} AS missing, count() AS c FROM {name: Identifier}`,
      query_params: {
        s: "it's \\ 'quoted'\t中",
        n: 42,
        a: ["x'y", '中'],
        t: '2017-01-01 00:00:00.000',
        missing: null,
        name: 'outside_stream',
      },
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
    });
    assert.deepEqual(await result.json(), [
      {
        s: "it's \\ 'quoted'\t中",
        n: 42,
        a: ["x'y", '中'],
        t: '2017-01-01 00:00:00.000',
        missing: null,
        c: 50_000,
      },
    ]);
  },
  'error: unknown table': () => fails('SELECT * FROM no_such_table', '60'),
  'error: syntax': () => fails('SELECT 1 1', '62'),
  'error: division in the middle': () => fails('SELECT throwIf(number = 3) FROM numbers(10)', '395'),
  'error: wrong password': () =>
    fails('SELECT 1', '516', createClient({ ...quiet, username: 'default', password: 'wrong' })),
  'an error leaves the next query alone': async () => {
    assert.equal(await (await plain.query({ query: 'SELECT 1', format: 'CSV' })).text(), '1\n');
  },
  async abort() {
    const controller = new AbortController();
    const running = plain.query({
      query: 'SELECT count() FROM numbers(100000000000) WHERE NOT ignore(cityHash64(number))',
      abort_signal: controller.signal,
      clickhouse_settings: { max_execution_time: 5 },
    });
    setTimeout(() => controller.abort(), 200);
    await assert.rejects(running);
    assert.equal(await (await plain.query({ query: 'SELECT 2', format: 'CSV' })).text(), '2\n');
  },
  async 'abort between chunks of a stream'() {
    const controller = new AbortController();
    const result = await plain.query({
      query: 'SELECT number FROM numbers(50000000)',
      format: 'JSONEachRow',
      abort_signal: controller.signal,
    });
    let rows = 0;
    for await (const chunk of result.stream()) {
      rows += chunk.length;
      if (rows > 10_000) break;
    }
    controller.abort();
    assert.equal(await (await plain.query({ query: 'SELECT 3', format: 'CSV' })).text(), '3\n');
  },
  async 'query id'() {
    const result = await plain.query({ query: 'SELECT 1', query_id: 'outside-query-1' });
    await result.text();
    assert.equal(result.query_id, 'outside-query-1');
  },
  async 'settings and formats'() {
    const csv = await plain.query({
      query: 'SELECT 1 AS a, NULL AS b',
      format: 'CSVWithNames',
      clickhouse_settings: { format_csv_null_representation: '-' },
    });
    assert.equal(await csv.text(), '"a","b"\n1,-\n');
  },
  async 'insert from select, and its summary'() {
    const { summary } = await plain.command({
      query: "INSERT INTO outside_stream SELECT number, '' FROM numbers(7)",
    });
    assert.equal(summary?.written_rows, '7');
  },
  async 'binary, NULs and all'() {
    const { stream } = await plain.exec({ query: "SELECT 0::UInt32, 'a\\0b' FORMAT RowBinary" });
    const bytes = Buffer.concat(await Readable.from(stream).toArray());
    assert.deepEqual(bytes, Buffer.from([0, 0, 0, 0, 3, 0x61, 0, 0x62]));
  },
  async 'twenty at once'() {
    const sums = await Promise.all(
      Array.from({ length: 20 }, async (_, n) =>
        (await plain.query({ query: `SELECT sum(number) + ${n} FROM numbers(1000)`, format: 'CSV' })).text(),
      ),
    );
    assert.deepEqual(
      sums,
      sums.map((_, n) => `${499_500 + n}\n`),
    );
  },
};

let failed = 0;
for (const [check, run] of Object.entries(checks)) {
  try {
    await run();
    console.log(JSON.stringify({ check, ok: true }));
  } catch (error) {
    failed++;
    console.log(JSON.stringify({ check, ok: false, why: String(error).slice(0, 500) }));
  }
}
for (const name of ['outside_types', 'outside_stream'])
  await plain.command({ query: `DROP TABLE IF EXISTS ${name}` });
await Promise.all([plain.close(), packed.close()]);
process.exitCode = failed === 0 ? 0 : 1;
