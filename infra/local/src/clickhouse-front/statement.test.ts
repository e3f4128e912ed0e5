import { describe, expect, it } from '@jest/globals';
import { namedFormat, parseStatement, tokensOfText } from './statement.ts';

describe('a statement cut from a request', () => {
  it('keeps the data of an INSERT as bytes, whatever is in it', () => {
    const data = Buffer.from([0, 10, 10, 59, 255, 39]);
    const inBody = parseStatement(
      undefined,
      Buffer.concat([Buffer.from('insert into a.b (c) FORMAT RowBinary\n'), data]),
    );
    expect(inBody.insert).toMatchObject({ head: 'insert into a.b (c) ', format: 'RowBinary' });
    expect(inBody.insert?.data).toEqual(data);
    const apart = parseStatement('INSERT INTO t SETTINGS x = 1 FORMAT RowBinary', data);
    expect(apart.insert?.data).toEqual(data);
    expect([apart.insert?.head, apart.insert?.middle]).toEqual(['INSERT INTO t ', 'SETTINGS x = 1 ']);
  });

  it.each([
    'INSERT INTO t SELECT 1',
    'INSERT INTO t (a) WITH 1 AS x SELECT x',
    'INSERT INTO t (SELECT 1)',
    "INSERT INTO FUNCTION file('x') VALUES (1)",
  ])('sees no data in %s', (sql) => {
    expect(parseStatement(sql, Buffer.alloc(0)).insert).toBeUndefined();
  });

  it('refuses a second statement, but not a semicolon in quotes or at the end', () => {
    expect(() => parseStatement('SELECT 1; SELECT 2', Buffer.alloc(0))).toThrow(/Multi-statements/);
    expect(parseStatement("SELECT ';' ;", Buffer.alloc(0)).sql).toBe("SELECT ';'");
  });

  it('finds the format that a query names, not one inside of it', () => {
    expect(
      namedFormat(tokensOfText('SELECT format(a) FROM (SELECT 1 FORMAT TSV) FORMAT JSON SETTINGS x = 1')),
    ).toBe('JSON');
    expect(namedFormat(tokensOfText("SELECT 'FORMAT CSV'"))).toBeUndefined();
  });

  it('of more than max_query_size is refused before it is read; the data of an INSERT does not count', () => {
    const refusal = expect.objectContaining({ code: 62, message: expect.stringMatching(/Max query size/) });
    const much = Buffer.alloc(40 * 1024 * 1024, '1,');
    const began = performance.now();
    for (const text of ['SELECT ', "SELECT '", 'INSERT INTO t SELECT ', 'INSERT INTO t (', '/* ']) {
      expect(() => parseStatement(undefined, Buffer.concat([Buffer.from(text), much]))).toThrow(refusal);
      if (!text.endsWith('(')) expect(() => parseStatement(text, much)).toThrow(refusal);
    }
    expect(parseStatement('INSERT INTO t FORMAT CSV', much).insert?.data).toHaveLength(much.length);
    const inline = Buffer.concat([Buffer.from('INSERT INTO t VALUES '), much]);
    expect(parseStatement(undefined, inline).insert?.data.length).toBeGreaterThan(much.length - 1);
    expect(performance.now() - began).toBeLessThan(3000);
  });
});
