import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { checkText, type Right } from './sandbox.ts';

const attempts: Record<'forEveryone' | 'forServices' | 'forAnalyst', string[]> = JSON.parse(
  readFileSync(new URL('escape-attempts.json', import.meta.url), 'utf8'),
);

const codeOf = (sql: string, right: Right): number => {
  try {
    checkText(sql, right);
    return 0;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error ? Number(error.code) : -1;
  }
};

describe('the reading of the text', () => {
  it.each([...attempts.forEveryone, ...attempts.forServices])('refuses %s to everybody', (sql) => {
    expect(codeOf(sql, 'service')).toBe(497);
    expect([164, 497]).toContain(codeOf(sql, 'analyst'));
  });

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

  it('refuses what it would read differently from the engine', () => {
    expect(codeOf("SELECT \u2018a'\u2019, file('x') --'", 'service')).toBe(62);
    expect(codeOf('SELECT 1 /* without end', 'service')).toBe(62);
  });
});
