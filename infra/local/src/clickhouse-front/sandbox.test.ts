import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { toClickHouseError } from './exceptions.ts';
import { checkText, checkWrittenAnew, type Right } from './sandbox.ts';
import { tokensOfText } from './statement.ts';

const list = new URL('../../../../test/interop/analyst-attempts.json', import.meta.url);
const attempts: { attempt: string; query: string; refusedTo?: string }[] = JSON.parse(
  readFileSync(list, 'utf8'),
);

const outcome = (sql: string, check: (tokens: ReturnType<typeof tokensOfText>) => void): number => {
  try {
    check(tokensOfText(sql));
    return 0;
  } catch (error) {
    return toClickHouseError(error).code;
  }
};
const codeOf = (sql: string, right: Right): number => outcome(sql, (tokens) => checkText(tokens, right));

describe('the reading of the text', () => {
  it.each(attempts.filter(({ refusedTo }) => refusedTo === 'everybody'))(
    'refuses everybody to $attempt',
    ({ query }) => {
      expect(codeOf(query, 'service')).toBe(497);
      expect([164, 497]).toContain(codeOf(query, 'analyst'));
    },
  );

  it.each([
    "SELECT 'file(' AS x, `url` FROM highway.order_placed -- file('x')",
    'CREATE TABLE t (a Date, b UInt8) ENGINE = MergeTree PARTITION BY toYYYYMM(a) ORDER BY (a, b) SETTINGS index_granularity = 8192',
    'INSERT INTO highway.order_placed (a, b) SETTINGS async_insert = 0 FORMAT RowBinary',
    "CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(CLICKHOUSE(TABLE 't' DB 'mart')) LAYOUT(FLAT()) LIFETIME(1)",
    'ALTER TABLE t ADD COLUMN IF NOT EXISTS file String',
    'SELECT disk = 1 FROM t',
  ])('lets our services do %s', (sql) => {
    expect(codeOf(sql, 'service')).toBe(0);
  });

  it.each([
    "SELECT \u2018a'\u2019, file('x') --'",
    'SELECT 1 /* without end',
    // The engine nests comments: to it the string is a comment's end, and what stands in it is code.
    "SELECT /* /* */ ' */ * APPLY(x -> file(x)) FROM (SELECT '/etc/hostname' AS x) -- '",
    "SELECT $ ' $ a $ ' $, 1",
  ])('refuses what the engine may read differently: %s', (sql) => {
    expect(codeOf(sql, 'service')).toBe(62);
  });

  it('leaves the engine its own databases', () => {
    for (const what of [
      'DROP DATABASE IF EXISTS system',
      'DETACH TABLE `system`.one',
      'rename table system.a to b',
    ])
      expect(codeOf(what, 'service')).toBe(497);
    expect(codeOf('SELECT * FROM system.parts', 'service')).toBe(0);
  });

  it('takes a slip of the pen for what it is', () => {
    for (const right of ['service', 'analyst'] as const)
      for (const text of ['SELEC 1', ';', '']) expect(codeOf(text, right)).toBe(62);
  });

  it('takes no longer for any text of the greatest length than a blink', () => {
    const size = 262_144;
    const parts = ['1,', 'f(', 'a ', '--\n', '/**/', '$a$$a$', 'a=b ', 'SETTINGS ', "'\\''", '`a`.', '$a$'];
    const took = parts.map((part) => {
      const began = performance.now();
      codeOf(`SELECT ${part.repeat(size / part.length)}`, 'analyst');
      return { part, slow: performance.now() - began > 1500 };
    });
    expect(took.filter(({ slow }) => slow)).toEqual([]);
  });
});

describe('the reading of what the engine writes down', () => {
  it('finds functions inside of APPLY, where only those that are known may stand', () => {
    const anew = (sql: string): number => outcome(sql, checkWrittenAnew);
    expect(anew('SELECT * APPLY x -> (toString(x) IN (1, 2)) FROM t')).toBe(0);
    expect(anew('SELECT * APPLY sumIf, {a:Array(LowCardinality(String))} FROM t')).toBe(0);
    expect(anew('SELECT * APPLY quantilesIfOrNull(0.9) FROM t')).toBe(0);
    expect(anew('SELECT * APPLY x -> newInEngine99(x) FROM t')).toBe(497);
    expect(anew('SELECT * APPLY newInEngine99 FROM t')).toBe(497);
  });
});
