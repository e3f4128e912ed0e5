import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '@zhongtai/runtime';
import avsc from 'avsc';
import { AvroCodec } from './codec.ts';
import { HighwayError } from './errors.ts';
import { createHighwayMetrics } from './metrics.ts';

const name = 'zhongtai.test.Thing';
const kind = { type: 'enum', name: 'Kind', symbols: ['unknown', 'old'], default: 'unknown' };
const fields = [
  { name: 'id', type: 'string' },
  { name: 'n', type: 'long', default: 0 },
  { name: 'kind', type: kind, default: 'unknown' },
];
const text = (more: object[] = []) =>
  JSON.stringify({ type: 'record', name: 'Thing', namespace: 'zhongtai.test', fields: [...fields, ...more] });
const topic = {
  name: 'test.thing',
  partitions: 1,
  retentionMs: 1,
  records: [{ name, key: (r: { id: string }) => r.id }],
};

function setUp(found: Record<number, string | null | Error> = {}) {
  const asked: number[] = [];
  let now = 0;
  const registry = {
    register: async () => 7,
    find: async (id: number) => {
      asked.push(id);
      const answer = found[id];
      if (answer === undefined || answer === null) return null;
      if (typeof answer !== 'string') throw answer;
      return answer;
    },
  };
  const ours = { text: text() };
  const contract = {
    schemaText: () => ours.text,
    subjectOf: () => 'test.thing-value',
    deadLetterTopic: topic,
  };
  const codec = new AvroCodec(registry, contract, createHighwayMetrics(createMetrics()), () => now);
  return { codec, ours, asked, found, later: (ms: number) => (now += ms) };
}

function framed(id: number, schema: string, value: unknown): Buffer {
  const body = avsc.Type.forSchema(JSON.parse(schema)).toBuffer(value);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(id, 1);
  return Buffer.concat([head, body]);
}

describe('codec', () => {
  it('frames with a zero and the id, and reads back what it wrote', async () => {
    const { codec } = setUp();
    await codec.prepare([topic]);
    const bytes = codec.encode('test.thing', name, { id: 'a', n: 5, kind: 'old' });
    expect([...bytes.subarray(0, 5)]).toEqual([0, 0, 0, 0, 7]);
    expect(codec.decode(bytes)).toMatchObject({
      schemaId: 7,
      recordName: name,
      value: { id: 'a', n: 5, kind: 'old' },
    });
  });

  it('leaves earlier buffers alone when the shared one is full, and takes records larger than it', async () => {
    const { codec } = setUp();
    await codec.prepare([topic]);
    const ids = ['small', 'x'.repeat(100_000), 'y'.repeat(200_000), 'z'.repeat(3_000_000), 'last'];
    const all = ids.map((id) => codec.encode('test.thing', name, { id, n: 1, kind: 'old' }));
    expect(all.map((bytes) => codec.decode<{ id: string }>(bytes).value.id)).toEqual(ids);
  });

  it('names the field that does not fit, and not its value', async () => {
    const { codec } = setUp();
    await codec.prepare([topic]);
    const encode = () => codec.encode('test.thing', name, { id: 'a', n: 'secret', kind: 'old' });
    expect(encode).toThrow(
      expect.objectContaining({ code: 'ZT-HIGHWAY-UNENCODABLE', details: { path: 'n' } }),
    );
    expect(encode).not.toThrow(/secret/);
  });

  describe('longs beyond 2^53', () => {
    const least = -(2n ** 63n);
    const most = 2n ** 63n - 1n;
    const edge = BigInt(Number.MAX_SAFE_INTEGER);

    it.each([[most], [least], [2n ** 60n + 1n], [-(2n ** 53n)], [edge + 1n], [-edge - 1n]])(
      'keeps %s exactly, as a bigint',
      async (n) => {
        const { codec } = setUp();
        await codec.prepare([topic]);
        const bytes = codec.encode('test.thing', name, { id: 'a', n, kind: 'old' });
        expect(codec.decode(bytes).value).toEqual({ id: 'a', n, kind: 'old' });
      },
    );

    // Of the middle ones avsc alone turns the sign round.
    const exact: (number | bigint)[] = [
      Number.MAX_SAFE_INTEGER,
      Number.MIN_SAFE_INTEGER,
      2n ** 53n - 1n,
      -5n,
    ];
    for (const more of [0, 1, 2, 3]) exact.push(-(2 ** 52) - more, 2 ** 52 + more, 2 ** 52 - more);

    it.each(exact)('reads %s, which is exact, as a number', async (n) => {
      const { codec } = setUp();
      await codec.prepare([topic]);
      const bytes = codec.encode('test.thing', name, { id: 'a', n, kind: 'old' });
      expect(codec.decode(bytes).value).toEqual({ id: 'a', n: Number(n), kind: 'old' });
    });

    it.each([[most + 1n], [least - 1n], [2 ** 60], [0.5], ['5']])('refuses %p', async (n) => {
      const { codec } = setUp();
      await codec.prepare([topic]);
      const unencodable = { code: 'ZT-HIGHWAY-UNENCODABLE', failure: 'bad_record', details: { path: 'n' } };
      const encode = () => codec.encode('test.thing', name, { id: 'a', n, kind: 'old' });
      expect(encode).toThrow(expect.objectContaining(unencodable));
    });

    it('refuses to read a long of more than 64 bits', async () => {
      const { codec } = setUp();
      await codec.prepare([topic]);
      const head = codec.encode('test.thing', name, { id: 'a', n: 0, kind: 'unknown' }).subarray(0, 7);
      for (const tail of [
        [...Array(9).fill(0xff), 0x7f],
        [...Array(10).fill(0x80), 1],
      ]) {
        const undecodable = { code: 'ZT-HIGHWAY-UNDECODABLE', failure: 'bad_record' };
        const decode = () => codec.decode(Buffer.from([...head, ...tail, 0]));
        expect(decode).toThrow(expect.objectContaining(undecodable));
      }
    });

    it('keeps them in time stamps, unions, lists and records of another writer, and beside a slab that ends', async () => {
      const time = { type: 'long', logicalType: 'timestamp-millis' };
      const more = [
        { name: 'at', type: time, default: 0 },
        { name: 'maybe', type: ['null', 'long'], default: null },
        { name: 'many', type: { type: 'array', items: 'long' }, default: [] },
      ];
      const wider = text([...more, { name: 'extra', type: 'long', default: 0 }]);
      const { codec, ours } = setUp({ 8: wider });
      ours.text = text(more);
      await codec.prepare([topic]);
      await codec.learn([8]);
      const n = 2n ** 62n + 3n;
      const value = { id: 'x'.repeat(200), n, kind: 'old', at: -n, maybe: n, many: [1, n] };
      for (let i = 0; i < 1_100; i++) {
        expect(codec.decode(codec.encode('test.thing', name, value)).value).toEqual(value);
      }
      const other = codec.encode('test.thing', name, value);
      other.writeUInt32BE(8, 1);
      expect(codec.decode(Buffer.concat([other, Buffer.from([2])])).value).toEqual(value);
    });
  });

  it('reads a later writer: new fields are dropped, unknown enum symbols become the default', async () => {
    const newer = text([{ name: 'extra', type: ['null', 'string'], default: null }]).replace(
      '"symbols":["unknown","old"]',
      '"symbols":["unknown","old","new"]',
    );
    const { codec } = setUp({ 8: newer });
    await codec.prepare([topic]);
    await codec.learn([8]);
    const bytes = framed(8, newer, { id: 'a', n: 1, kind: 'new', extra: 'e' });
    expect(codec.decode(bytes).value).toEqual({ id: 'a', n: 1, kind: 'unknown' });
  });

  it('reads an earlier writer: missing fields get their defaults', async () => {
    const older = JSON.stringify({ type: 'record', name, fields: [{ name: 'id', type: 'string' }] });
    const { codec } = setUp({ 3: older });
    await codec.prepare([topic]);
    await codec.learn([3]);
    expect(codec.decode(framed(3, older, { id: 'a' })).value).toEqual({ id: 'a', n: 0, kind: 'unknown' });
    expect(codec.writerOf(3)?.text).toBe(older);
  });

  it('takes a writer that cannot be read as ours for a bad record', async () => {
    const other = JSON.stringify({ type: 'record', name, fields: [{ name: 'id', type: 'int' }] });
    const { codec } = setUp({ 4: other });
    await codec.prepare([topic]);
    await codec.learn([4]);
    const bad = expect.objectContaining({ code: 'ZT-HIGHWAY-UNDECODABLE', failure: 'bad_record' });
    expect(() => codec.decode(framed(4, other, { id: 1 }))).toThrow(bad);
  });

  it('takes a schema that is not Avro for a bad record: the registry serves others too', async () => {
    const { codec } = setUp({ 5: 'syntax = "proto3";', 6: '{"type":"object"}' });
    await codec.learn([5, 6]);
    const bad = expect.objectContaining({ code: 'ZT-HIGHWAY-UNDECODABLE', failure: 'bad_record' });
    for (const id of [5, 6]) {
      expect(() => codec.decode(Buffer.from([0, 0, 0, 0, id, 1]))).toThrow(bad);
      expect(codec.writerOf(id)).toBeUndefined();
    }
  });

  it('takes an id that the registry does not have for a bad record, and asks again only after a while', async () => {
    const { codec, asked, later } = setUp();
    const bytes = framed(99, text(), { id: 'a', n: 1, kind: 'old' });
    expect(codec.unlearned([bytes, null, Buffer.from('rubbish')])).toEqual([99]);
    await codec.learn([99]);
    await codec.learn([99]);
    expect(asked).toEqual([99]);
    expect(() => codec.decode(bytes)).toThrow(
      expect.objectContaining({ code: 'ZT-HIGHWAY-UNKNOWN-SCHEMA', failure: 'bad_record' }),
    );
    later(61_000);
    expect(codec.unlearned([bytes])).toEqual([99]);
  });

  it('never takes a record for bad because the registry is away', async () => {
    const away = new HighwayError('ZT-HIGHWAY-REGISTRY-AWAY', 'away');
    const { codec, found } = setUp({ 8: away });
    await codec.prepare([topic]);
    await expect(codec.learn([8])).rejects.toMatchObject({ failure: 'retryable' });
    const bytes = framed(8, text(), { id: 'a', n: 1, kind: 'old' });
    expect(() => codec.decode(bytes)).toThrow(expect.objectContaining({ code: 'ZT-HIGHWAY-NOT-PREPARED' }));
    found[8] = text();
    await codec.learn(codec.unlearned([bytes]));
    expect(codec.decode(bytes).value).toMatchObject({ id: 'a' });
  });

  it.each([
    ['no avro at all', Buffer.from('{"a":1}'), 'ZT-HIGHWAY-NOT-AVRO'],
    ['nothing', Buffer.alloc(0), 'ZT-HIGHWAY-NOT-AVRO'],
    ['cut off', Buffer.from([0, 0, 0, 0, 7, 20, 65]), 'ZT-HIGHWAY-UNDECODABLE'],
    ['bytes left over', Buffer.from([0, 0, 0, 0, 7, 2, 65, 0, 0, 9]), 'ZT-HIGHWAY-UNDECODABLE'],
  ])('sets aside a value with %s', async (_what, bytes, code) => {
    const { codec } = setUp();
    await codec.prepare([topic]);
    expect(() => codec.decode(bytes)).toThrow(expect.objectContaining({ code, failure: 'bad_record' }));
  });
});
