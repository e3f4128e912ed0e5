import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startStack } from '@zhongtai/local';
import {
  ByteWriter,
  compilePlan,
  createWarehouse,
  findForgetful,
  migrateTables,
  type RowPlan,
  tableOf,
  type Warehouse,
} from '@zhongtai/warehouse';
import fc from 'fast-check';
import { arbitraryOf, encode, type Shape, schemaOf } from './avro-oracle.ts';

const shape: Shape = {
  record: 'Everything',
  fields: {
    flag: 'boolean',
    small: 'int',
    big: 'long',
    ratio: 'float',
    exact: 'double',
    name: 'string',
    currency: 'string',
    kind: { enum: ['unknown', 'a', '繁體'] },
    at: 'timestamp',
    day: 'date',
    maybe_name: { optional: 'string', nullFirst: true },
    maybe_big: { optional: 'long', nullFirst: false },
    maybe_kind: { optional: { enum: ['x', 'y'] }, nullFirst: true },
    tags: { array: 'string' },
    sizes: { map: 'long' },
    lines: {
      array: {
        record: 'Line',
        fields: {
          no: 'int',
          code: { optional: 'string', nullFirst: true },
          parts: { array: { record: 'Part', fields: { kind: { enum: ['p', 'q'] }, amount: 'long' } } },
        },
      },
    },
    point: {
      optional: {
        record: 'Point',
        fields: { code: 'string', until: { optional: 'timestamp', nullFirst: true } },
      },
      nullFirst: true,
    },
  },
};

interface Row {
  readonly [field: string]: unknown;
  readonly lines: readonly {
    no: number;
    code: string | null;
    parts: readonly { kind: string; amount: bigint }[];
  }[];
  readonly point: { code: string; until: number | null } | null;
}

const time = (ms: unknown): string => new Date(Number(ms)).toISOString().replace('T', ' ').slice(0, 23);

/** What the warehouse should answer for a value, with its 64-bit numbers as text. */
function expected(row: Row): Record<string, unknown> {
  const { lines, point, sizes, at, day, big, maybe_big: maybeBig, ...rest } = row;
  return {
    ...rest,
    big: String(big),
    maybe_big: maybeBig === null ? null : String(maybeBig),
    at: time(at),
    day: time(Number(day) * 86_400_000).slice(0, 10),
    sizes: Object.fromEntries(Object.entries(Object(sizes)).map(([key, size]) => [key, String(size)])),
    'lines.no': lines.map(({ no }) => no),
    'lines.code': lines.map(({ code }) => code),
    'lines.parts': lines.map(({ parts }) =>
      parts.map(({ kind, amount }) => ({ kind, amount: String(amount) })),
    ),
    point_code: point?.code ?? null,
    point_until: point?.until == null ? null : time(point.until),
  };
}

let close: () => Promise<void>;
let warehouse: Warehouse;
let plan: RowPlan;
const schemaText = JSON.stringify(schemaOf(shape, 'everything'));
const framing = Buffer.from([0, 0, 0, 0, 1]);
const framed = (value: unknown): Buffer => Buffer.concat([framing, encode(shape, value)]);

function planOf(text: string): RowPlan {
  return compilePlan({
    kind: 'reference',
    database: 'rows',
    table: 'everything',
    schemaText: text,
    anchorRank: () => undefined,
  });
}

beforeAll(async () => {
  const server = await clickHouse();
  close = server.close;
  warehouse = createWarehouse({ url: server.url, user: 'default', password: '', application: 'rows-test' });
  await warehouse.command('DROP DATABASE IF EXISTS rows SYNC');
  plan = planOf(schemaText);
}, 60_000);

afterAll(async () => {
  await warehouse.command('DROP DATABASE IF EXISTS rows SYNC');
  await warehouse.close();
  await close();
}, 60_000);

/** The one from the environment, else one of our own. */
async function clickHouse(): Promise<{ url: string; close(): Promise<void> }> {
  const given = process.env['CLICKHOUSE_URL'];
  if (given !== undefined) return { url: given, close: async () => undefined };
  const directory = await mkdtemp(join(tmpdir(), 'zhongtai-rows-'));
  const stack = await startStack({ directory, parts: ['clickhouse'], ports: 'free' });
  return {
    url: stack.endpoints.clickhouse,
    async close() {
      await stack.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function insert(rows: readonly unknown[], partition: number, token: string): Promise<void> {
  const writer = new ByteWriter();
  for (const [offset, row] of rows.entries()) {
    plan.encode(framed(row), { partition, offset, key: Buffer.from(`${partition}-${offset}`) }, writer);
  }
  const { table, columns } = plan;
  await warehouse.insert({ table, columns, body: writer.bytes(), rows: rows.length, token });
}

async function stored(partition: number): Promise<Record<string, unknown>[]> {
  return await warehouse.query(
    `SELECT * EXCEPT (record_key, is_deleted, kafka_partition, kafka_offset) FROM rows.everything
     WHERE kafka_partition = ${partition} ORDER BY kafka_offset SETTINGS output_format_json_quote_64bit_integers = 1`,
  );
}

describe('rows in the real engine', () => {
  it('creates its tables, also when two processes do so at once, and they remember inserts', async () => {
    const results = await Promise.all([1, 2].map(() => migrateTables(warehouse, [plan.table])));
    expect(results.map(({ size }) => size)).toEqual([0, 0]);
    expect((await findForgetful(warehouse, [plan.table])).size).toBe(0);
  });

  it('are what the Avro bytes say, whatever they say', async () => {
    let partition = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryOf(shape), { minLength: 1, maxLength: 30 }), async (rows) => {
        partition += 1;
        await insert(rows, partition, `t${partition}`);
        const found = await stored(partition);
        const float = found.map((row) => ({ ...row, ratio: Math.fround(Number(row['ratio'])) }));
        expect(float).toEqual(rows.map((row) => expected(row as Row)));
      }),
      { numRuns: 30 },
    );
  }, 60_000);

  it('hold whole numbers of 64 bits exactly, also where a float would round them or change their sign', async () => {
    const [row] = fc.sample(arbitraryOf(shape), { numRuns: 1, seed: 3 });
    const edges = [2n ** 53n, 2n ** 53n + 1n, 2n ** 52n, 2n ** 63n - 1n].flatMap((edge) => [edge, -edge]);
    const numbers = [...edges, -(2n ** 52n) - 1n, -(2n ** 63n), 2n ** 32n, -(2n ** 31n) - 1n, 0n, -1n];
    const rows = numbers.map((big) => ({ ...Object(row), big, maybe_big: big, sizes: { n: big } }));
    await insert(rows, 4999, 'edges');
    const found = await stored(4999);
    const texts = numbers.map(String);
    expect(found.map(({ big }) => big)).toEqual(texts);
    expect(found.map(({ maybe_big: big }) => big)).toEqual(texts);
    expect(found.map(({ sizes }) => sizes)).toEqual(texts.map((n) => ({ n })));
  });

  it('are inserted at the first attempt also where a view fills a second table from them', async () => {
    const window = 'SETTINGS non_replicated_deduplication_window = 100';
    await warehouse.command(
      `CREATE TABLE rows.copies (name String) ENGINE = MergeTree ORDER BY name ${window}`,
    );
    await warehouse.command(
      'CREATE MATERIALIZED VIEW rows.copier TO rows.copies AS SELECT name FROM rows.everything',
    );
    const rows = fc.sample(arbitraryOf(shape), { numRuns: 20, seed: 2 });
    for (let time = 0; time < 2; time++) await insert(rows, 4998, 'with a view');
    expect(await stored(4998)).toHaveLength(20);
    expect(await warehouse.query('SELECT toUInt32(count()) AS n FROM rows.copies')).toEqual([{ n: 20 }]);
    await warehouse.command('DROP TABLE rows.copier');
  });

  it('are inserted once, however often the same token comes', async () => {
    const rows = fc.sample(arbitraryOf(shape), { numRuns: 20, seed: 1 });
    for (let time = 0; time < 3; time++) await insert(rows, 5000, 'same');
    expect(await stored(5000)).toHaveLength(20);
  });

  it('get a column more when the schema got a field, and old rows its default', async () => {
    const wider = JSON.parse(schemaText);
    wider.fields.push({ name: 'later', type: 'string', default: 'not said' });
    const table = tableOf('reference', 'rows', 'everything', JSON.stringify(wider));
    expect((await migrateTables(warehouse, [table])).size).toBe(0);
    expect(await warehouse.query('SELECT DISTINCT later FROM rows.everything')).toEqual([
      { later: 'not said' },
    ]);
    await insert(fc.sample(arbitraryOf(shape), 1), 5001, 'of the old schema');
    expect(await stored(5001)).toHaveLength(1);
  });

  it('go into a column with a dictionary as into one without: another writer may ask for either', async () => {
    const dictionaries = schemaText.replaceAll('"type":"string"', '"type":"string","low_cardinality":true');
    const table = tableOf('reference', 'rows', 'everything', dictionaries);
    const typeOf = (columns: readonly { name: string; type: string }[]) =>
      columns.find(({ name }) => name === 'currency')?.type;
    expect([typeOf(plan.table.columns), typeOf(table.columns)]).toEqual(['String', 'LowCardinality(String)']);
    expect((await migrateTables(warehouse, [table])).size).toBe(0);
  });

  it('are refused, naming table and column, when a field changed its type', async () => {
    const changed = schemaText.replace('"name":"small","type":"int"', '"name":"small","type":"string"');
    const refused = await migrateTables(warehouse, [tableOf('reference', 'rows', 'everything', changed)]);
    expect([...refused.values()].map(({ code, message }) => [code, message])).toEqual([
      ['ZT-WAREHOUSE-TYPE-CHANGED', 'column small of rows.everything is Int32, the schema wants String'],
    ]);
  });

  it('are not trusted to a table, or to what a view fills from it, that forgets inserts', async () => {
    await warehouse.command('CREATE TABLE rows.target (name String) ENGINE = MergeTree ORDER BY name');
    await warehouse.command(
      'CREATE MATERIALIZED VIEW rows.filler TO rows.target AS SELECT name FROM rows.everything',
    );
    const found = await findForgetful(warehouse, [plan.table]);
    expect(found.get('rows.everything')?.message).toContain('rows.target remembers no inserts');
    await warehouse.command('DROP TABLE rows.filler');
  });

  it('never come of bytes that are cut short: every prefix of a record is a bad record', () => {
    const [row] = fc.sample(arbitraryOf(shape), { numRuns: 1, seed: 7 });
    const whole = framed(row);
    const writer = new ByteWriter();
    for (let length = framing.length; length < whole.length; length++) {
      const short = whole.subarray(0, length);
      expect(() => plan.encode(short, { partition: 0, offset: 0, key: null }, writer)).toThrow(
        expect.objectContaining({ failure: 'bad_record' }),
      );
    }
    expect(writer.position).toBe(0);
  });

  it('never hold a time that the column would clamp', () => {
    const [row] = fc.sample(arbitraryOf(shape), 1);
    const late = framed({ ...Object(row), at: Date.UTC(2300, 0, 1) });
    expect(() => plan.encode(late, { partition: 0, offset: 0, key: null }, new ByteWriter())).toThrow(
      expect.objectContaining({ code: 'ZT-WAREHOUSE-OUT-OF-RANGE' }),
    );
  });
});
