import { describe, expect, it } from '@jest/globals';
import { Fault } from './fault.ts';
import { compileRecordCheck } from './record-check.ts';

const limits = { maxStringLength: 20, maxItems: 3, maxDepth: 5 };
const schema = JSON.stringify({
  type: 'record',
  name: 'Sample',
  namespace: 'test',
  fields: [
    { name: 'link', type: ['null', 'string'], default: null },
    { name: 'id', type: 'string' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' }, default: 0 },
    { name: 'count', type: 'int', default: 1, required: true },
    { name: 'cents', type: ['null', 'long'], default: null },
    { name: 'rate', type: 'double', default: 0.5 },
    { name: 'open', type: 'boolean', default: false },
    {
      name: 'kind',
      type: { type: 'enum', name: 'Kind', symbols: ['a', 'b', 'other'], default: 'other' },
      default: 'a',
    },
    {
      name: 'lines',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Line',
          fields: [
            { name: 'qty', type: 'int' },
            { name: 'kind', type: 'Kind', default: 'b' },
          ],
        },
      },
      default: [],
    },
    { name: 'tags', type: { type: 'map', values: 'string' }, default: {} },
  ],
});
const check = compileRecordCheck(schema, limits, {
  closed: new Map([['link', null]]),
  filled: new Map([['id', '']]),
});

function outcome(input: unknown): unknown {
  const fault = new Fault();
  const record = check(input, fault);
  return fault.raised ? `${fault.code} ${fault.path}` : record;
}

describe('compileRecordCheck', () => {
  it('answers with every field of the schema in its order, defaults and stand-ins filled in', () => {
    expect(JSON.stringify(outcome({ count: 2 }))).toBe(
      '{"link":null,"id":"","at":0,"count":2,"cents":null,"rate":0.5,"open":false,"kind":"a","lines":[],"tags":{}}',
    );
  });

  it('takes what fits, in each of its forms', () => {
    const given = {
      id: 'x',
      at: '2026-11-23T09:00:00+08:00',
      count: -5,
      cents: '9007199254740991',
      rate: 1e3,
      open: true,
      kind: 'other',
      lines: [{ qty: 1 }],
      tags: { a: '中台' },
    };
    expect(outcome(given)).toEqual({
      ...given,
      link: null,
      at: Date.UTC(2026, 10, 23, 1),
      cents: Number.MAX_SAFE_INTEGER,
      lines: [{ qty: 1, kind: 'b' }],
    });
  });

  it.each([
    ['no object', 7, 'TYPE '],
    ['an array', [], 'TYPE '],
    ['null', null, 'TYPE '],
    ['required although it has a default', {}, 'MISSING /count'],
    ['absent within a list', { count: 1, lines: [{ qty: 1 }, {}] }, 'MISSING /lines/1/qty'],
    ['a closed field', { count: 1, link: null }, 'UNKNOWN-FIELD /link'],
    ['unknown', { count: 1, colour: 1 }, 'UNKNOWN-FIELD /colour'],
    ['unknown with a slash', { count: 1, 'a/b~c': 1 }, 'UNKNOWN-FIELD /a~1b~0c'],
    ['__proto__', JSON.parse('{"count":1,"__proto__":{"open":true}}'), 'UNKNOWN-FIELD /__proto__'],
    ['constructor', JSON.parse('{"count":1,"constructor":1}'), 'UNKNOWN-FIELD /constructor'],
    ['a string for an int', { count: '1' }, 'TYPE /count'],
    ['a fraction for an int', { count: 1.5 }, 'TYPE /count'],
    ['an int of 33 bits', { count: 2 ** 31 }, 'RANGE /count'],
    ['1e999 for an int', JSON.parse('{"count":1e999}'), 'RANGE /count'],
    ['1e999 for a double', JSON.parse('{"count":1,"rate":1e999}'), 'RANGE /rate'],
    ['the word NaN', { count: 1, rate: 'NaN' }, 'TYPE /rate'],
    ['a long beyond 2^53', JSON.parse('{"count":1,"cents":9007199254740993}'), 'RANGE /cents'],
    ['digits beyond 2^63', { count: 1, cents: '9223372036854775808' }, 'RANGE /cents'],
    ['a time beyond 2^53', { count: 1, at: '9007199254740993' }, 'RANGE /at'],
    ['text for a long', { count: 1, cents: '12a' }, 'TYPE /cents'],
    ['null where none may be', { count: 1, open: null }, 'TYPE /open'],
    ['no symbol', { count: 1, kind: 'A' }, 'ENUM /kind'],
    ['no symbol within', { count: 1, lines: [{ qty: 1, kind: '' }] }, 'ENUM /lines/0/kind'],
    ['a long string', { count: 1, id: 'x'.repeat(21) }, 'TOO-LONG /id'],
    ['a lone surrogate', JSON.parse('{"count":1,"id":"a\\ud83d"}'), 'SURROGATE /id'],
    ['a surrogate in a key', JSON.parse('{"count":1,"tags":{"\\udc00":"x"}}'), 'SURROGATE /tags/\udc00'],
    ['too many entries', { count: 1, tags: { a: '', b: '', c: '', d: '' } }, 'TOO-LONG /tags'],
    ['too many items', { count: 1, lines: [1, 2, 3, 4] }, 'TOO-LONG /lines'],
    ['a time without a zone', { count: 1, at: '2026-11-23T09:00:00' }, 'TIME /at'],
    ['30 February', { count: 1, at: '2026-02-30T09:00:00Z' }, 'TIME /at'],
    ['too deep in a known field', { count: 1, id: [[[[[[]]]]]] }, 'TOO-DEEP /id'],
    ['too deep in an unknown field', { count: 1, x: { a: [[[[[]]]]] } }, 'TOO-DEEP /x'],
  ])('refuses %s', (_what, input, expected) => {
    expect(outcome(input)).toBe(expected);
  });

  it('counts depth in a chain of a million without running out of stack', () => {
    expect(outcome(JSON.parse(`${'['.repeat(1e6)}${']'.repeat(1e6)}`))).toBe('TOO-DEEP ');
  });

  it('takes the last of two equal keys, as JSON.parse does', () => {
    expect(outcome(JSON.parse('{"count":1,"count":2}'))).toMatchObject({ count: 2 });
    expect(outcome(JSON.parse('{"count":1,"count":"2"}'))).toBe('TYPE /count');
  });
});
