import { describe, expect, it } from '@jest/globals';
import { stream } from '../operators/stream.ts';
import { application, topology } from '../topology/topology.ts';
import type { Handler, Part } from '../topology/types.ts';
import { jsonTopic, keyedStore, shop, streamPart, TaskFixture } from './fixture.ts';

const orders = jsonTopic<{ n: number }>('orders');
const out = jsonTopic<unknown>('out');
const sums = keyedStore<number>('sums');
const names = { stores: [sums], outputs: [out] };

const sum: Handler<{ n: number }> = ({ key, value }, context) => {
  const next = (context.store(sums).get(key) ?? 0) + value.n;
  context.store(sums).put(key, next);
  context.emit(out, key, next);
  if (value.n === 13) throw new Error('unlucky');
  if (value.n === 14) context.deadLetter('FOURTEEN', 'no fourteen here');
  if (value.n === 15) context.emit(out, key, undefined);
  if (value.n === 16) context.late(250);
  if (value.n === 17) context.emitBytes(out, key, Buffer.alloc(2_000_000));
};

describe('a poison record', () => {
  it.each([
    [13, 'ZT-STREAMS-HANDLER', 'unlucky'],
    [14, 'FOURTEEN', 'no fourteen here'],
    [15, 'ZT-STREAMS-HANDLER', 'no value'],
    [17, 'ZT-STREAMS-RECORD-SIZE', 'larger than the log takes'],
  ])('with %i leaves no effect but its dead letter, and the rest goes on', (n, reason, message) => {
    const fixture = new TaskFixture(shop(streamPart(orders, sum, names)));
    fixture.send(
      orders,
      { key: 'a', value: { n: 1 } },
      { key: 'a', value: { n } },
      { key: 'a', value: { n: 1 } },
    );
    fixture.run();
    expect(fixture.read('out')).toEqual(['a=1', 'a=2']);
    expect(fixture.read('app.shop.sums.changelog')).toEqual(['a=2']);
    expect(fixture.letters).toMatchObject([
      { topology: 'shop', stage: 'from-orders', topic: 'orders', partition: 0, offset: 1, reason },
    ]);
    expect(fixture.letters[0]?.message).toContain(message);
    expect(fixture.read('dead-letter')).toEqual([`a={"n":${n}}`]);
    expect(fixture.observed).toEqual([`shop from-orders dead ${reason}`]);
  });

  it('leaves nothing to write of a key that was written before', () => {
    const fixture = new TaskFixture(shop(streamPart(orders, sum, names)));
    fixture.send(orders, { key: 'a', value: { n: 1 } });
    fixture.run();
    fixture.send(orders, { key: 'a', value: { n: 13 } });
    expect(fixture.run()?.changelogs).toEqual([]);
  });

  it('that cannot be decoded keeps its bytes and the schema it was framed with', () => {
    const fixture = new TaskFixture(shop(streamPart(orders, sum, names)));
    const bytes = Buffer.from([0, 0, 0, 0, 42, 1, 2, 3]);
    fixture.send(orders, { key: 'a', bytes }, { key: 'a', value: { n: 1 } });
    fixture.run();
    expect(fixture.letters).toMatchObject([{ offset: 0, schemaId: 42, value: bytes }]);
    expect(fixture.read('out')).toEqual(['a=1']);
  });

  it('is one without a key, with a key that is no text, or a tombstone on a stream', () => {
    const fixture = new TaskFixture(shop(streamPart(orders, sum, names)));
    fixture.send(orders, { key: null, value: { n: 1 } }, { key: 'a', bytes: null });
    const bad = {
      offset: 2,
      timestampMs: 1,
      key: Buffer.from([0, 0xff]),
      value: Buffer.from('{"n":1}'),
      headers: {},
    };
    fixture.log('orders').push(bad);
    fixture.run();
    const reasons = fixture.letters.map(({ reason }) => reason);
    expect(reasons).toEqual(['ZT-STREAMS-NO-KEY', 'ZT-STREAMS-TOMBSTONE', 'ZT-STREAMS-KEY-TEXT']);
  });

  it('is not one without a key where the rule does not ask for keys', () => {
    const seen: unknown[] = [];
    const handle: Handler<{ n: number }> = ({ key, value }) => seen.push([key, value.n]);
    const fixture = new TaskFixture(shop(stream(orders, handle, { key: 'optional' })));
    fixture.send(orders, { key: null, value: { n: 1 } }, { key: 'a', value: { n: 2 } });
    fixture.run();
    expect(seen).toEqual([
      ['', 1],
      ['a', 2],
    ]);
    expect(fixture.letters).toEqual([]);
  });

  it('is not a tombstone on a table, whose handler gets null', () => {
    const seen: unknown[] = [];
    const table: Part = {
      name: 'customers',
      operator: 'table',
      inputs: [{ topic: orders, kind: 'table', stage: 'customers', handle: ({ value }) => seen.push(value) }],
    };
    const fixture = new TaskFixture(shop(table));
    fixture.send(orders, { key: 'a', value: { n: 1 } }, { key: 'a', bytes: null });
    fixture.run();
    expect(seen).toEqual([{ n: 1 }, null]);
    expect(fixture.letters).toEqual([]);
  });

  it('is set aside for the topology that it fails in, all of its stages, and for no other', () => {
    const good: Handler<{ n: number }> = ({ key }, context) => context.emit(out, key, 'good');
    const fixture = new TaskFixture(
      application('app', [
        topology('bad', {
          order: 'free',
          parts: [streamPart(orders, good, { name: 'one', outputs: [out] }), streamPart(orders, sum, names)],
        }),
        topology('good', { order: 'free', parts: [streamPart(orders, good, { outputs: [out] })] }),
      ]),
    );
    fixture.send(orders, { key: 'a', value: { n: 13 } });
    fixture.run();
    expect(fixture.read('out')).toEqual(['a="good"']);
    expect(fixture.letters).toMatchObject([{ topology: 'bad', stage: 'from-orders' }]);
  });
});

describe('a late record', () => {
  it('goes to the late ones with its lateness, and keeps its effects', () => {
    const fixture = new TaskFixture(shop(streamPart(orders, sum, names)));
    fixture.send(orders, { key: 'a', value: { n: 16 }, atMs: 500 });
    fixture.run();
    expect(fixture.lateLetters).toMatchObject([{ latenessMs: 250, streamTimeMs: 500, offset: 0 }]);
    expect(fixture.read('late')).toEqual(['a={"n":16}']);
    expect(fixture.read('out')).toEqual(['a=16']);
  });
});

describe('much poison', () => {
  function send(fixture: TaskFixture, good: number, bad: number): void {
    const values = [...Array(good).fill(1), ...Array(bad).fill(13)];
    fixture.send(orders, ...values.map((n) => ({ key: 'a', value: { n } })));
  }

  it('stops the task before it is committed', () => {
    const fixture = new TaskFixture(shop(streamPart(orders, sum, names)));
    send(fixture, 1800, 100);
    expect(() => fixture.run()).toThrow('100 of 1900 records within a minute cannot be read');
    expect(fixture.committed).toEqual([]);
  });

  it('is counted over a minute of commits, and no longer', () => {
    const fixture = new TaskFixture(shop(streamPart(orders, sum, names)));
    send(fixture, 50, 50);
    fixture.run();
    fixture.nowMs += 60_000;
    send(fixture, 50, 50);
    fixture.run();
    fixture.nowMs += 59_999;
    send(fixture, 50, 50);
    expect(() => fixture.run()).toThrow('100 of 200');
  });

  it('is not what a handler gives up by itself', () => {
    const fixture = new TaskFixture(shop(streamPart(orders, sum, names)));
    fixture.send(orders, ...Array(500).fill({ key: 'a', value: { n: 14 } }));
    fixture.run();
    expect(fixture.letters).toHaveLength(500);
  });

  it('is borne when it is little, or a small share', () => {
    const fixture = new TaskFixture(shop(streamPart(orders, sum, names)));
    send(fixture, 0, 99);
    fixture.run();
    send(fixture, 9901, 401);
    fixture.run();
    expect(fixture.letters).toHaveLength(500);
  });
});
