import { describe, expect, it } from '@jest/globals';
import { StreamsError } from '../errors.ts';
import { application, topology } from '../topology/topology.ts';
import type { Handler } from '../topology/types.ts';
import { jsonTopic, keyedStore, shop, streamPart, TaskFixture } from './fixture.ts';

interface Order {
  readonly n: number;
}

const orders = jsonTopic<Order>('orders');
const out = jsonTopic<number>('out');
const counts = keyedStore<number>('counts');
const names = { stores: [counts], outputs: [out] };

const count: Handler<Order> = ({ key, value }, context) => {
  const store = context.store(counts);
  const next = (store.get(key) ?? 0) + 1;
  store.put(key, next);
  context.emit(out, key, next);
  if (value.n < 0) throw new Error('negative');
};

describe('a task', () => {
  it('writes outputs in order, and of a key in a cut only the last value to the changelog', () => {
    const fixture = new TaskFixture(shop(streamPart(orders, count, names)));
    fixture.send(
      orders,
      { key: 'a', value: { n: 1 } },
      { key: 'b', value: { n: 1 } },
      { key: 'a', value: { n: 1 } },
    );
    fixture.run();
    expect(fixture.read('out')).toEqual(['a=1', 'b=1', 'a=2']);
    expect(fixture.read('app.shop.counts.changelog')).toEqual(['a=2', 'b=1']);
    expect(fixture.position?.inputs).toEqual({ orders: 3 });
  });

  it('goes on where the last commit stood when it is opened again', () => {
    const fixture = new TaskFixture(shop(streamPart(orders, count, names)));
    fixture.send(orders, { key: 'a', value: { n: 1 } });
    fixture.run();
    fixture.send(orders, { key: 'a', value: { n: 1 } });
    fixture.fetch();
    fixture.task.work(10);
    fixture.open();
    fixture.run();
    expect(fixture.read('out')).toEqual(['a=1', 'a=2']);
  });

  it('writes a tombstone for a key that was deleted, and finds it no more', () => {
    const fixture = new TaskFixture(
      shop(
        streamPart(
          orders,
          ({ key, value }, context) => {
            if (value.n === 0) context.store(counts).delete(key);
            else context.store(counts).put(key, (context.store(counts).get(key) ?? 0) + value.n);
          },
          names,
        ),
      ),
    );
    fixture.send(orders, { key: 'a', value: { n: 5 } });
    fixture.run();
    fixture.send(orders, { key: 'a', value: { n: 0 } });
    fixture.run();
    expect(fixture.read('app.shop.counts.changelog')).toEqual(['a=5', 'a=null']);
    fixture.send(orders, { key: 'a', value: { n: 1 } });
    fixture.run();
    expect(fixture.read('app.shop.counts.changelog').at(-1)).toBe('a=1');
  });

  it('commits nothing while nothing happens, not even behind control markers', () => {
    const fixture = new TaskFixture(shop(streamPart(orders, count, names)));
    expect(fixture.commit()).not.toBeNull();
    expect(fixture.commit()).toBeNull();
    fixture.task.receive('orders', { records: [], nextOffset: 7, highWatermark: 7 });
    expect(fixture.task.work(10)).toBe(0);
    expect(fixture.task.positions().get('orders')).toBe(7);
    expect(fixture.task.drained).toBe(true);
    expect(fixture.commit()).toBeNull();
  });

  it('stands behind the gap at the end of a page when it has worked the page', () => {
    const fixture = new TaskFixture(shop(streamPart(orders, count, names)));
    fixture.send(orders, { key: 'a', value: { n: 1 } });
    const records = fixture.log('orders');
    fixture.task.receive('orders', { records, nextOffset: 9, highWatermark: 20 });
    fixture.task.receive('orders', { records: [], nextOffset: 15, highWatermark: 20 });
    expect(fixture.task.positions().get('orders')).toBe(0);
    fixture.task.work(10);
    expect(fixture.task.positions().get('orders')).toBe(15);
    expect(fixture.task.drained).toBe(false);
  });

  it('takes only what lies behind what it has, when a batch is fetched again from its beginning', () => {
    const fixture = new TaskFixture(shop(streamPart(orders, count, names)));
    fixture.send(orders, { key: 'a', value: { n: 1 } }, { key: 'a', value: { n: 1 } });
    fixture.run();
    fixture.send(orders, { key: 'a', value: { n: 1 } });
    const log = fixture.log('orders');
    fixture.task.receive('orders', { records: log, nextOffset: 3, highWatermark: 3 });
    fixture.task.receive('orders', { records: log, nextOffset: 3, highWatermark: 3 });
    fixture.task.work(10);
    fixture.commit();
    expect(fixture.read('out')).toEqual(['a=1', 'a=2', 'a=3']);
  });

  it('works nothing between a cut and its application', () => {
    const fixture = new TaskFixture(shop(streamPart(orders, count, names)));
    fixture.send(orders, { key: 'a', value: { n: 1 } }, { key: 'b', value: { n: 1 } });
    fixture.fetch();
    expect(fixture.task.work(1)).toBe(1);
    const cut = fixture.task.cut(1);
    expect(fixture.task.work(1)).toBe(0);
    expect(() => fixture.task.cut(2)).toThrow('not applied');
    if (cut !== null) fixture.task.applied(cut, new Map());
    expect(fixture.task.work(1)).toBe(1);
  });

  it('says how much waits, and how much is done', () => {
    const fixture = new TaskFixture(shop(streamPart(orders, count, names)));
    fixture.commit();
    fixture.send(orders, { key: 'a', value: { n: 1 } });
    fixture.fetch();
    expect(fixture.task.waitingBytes()).toBe(8);
    expect(fixture.task.waitingBytes('orders')).toBe(8);
    expect(fixture.task.drained).toBe(false);
    fixture.task.work(1);
    expect(fixture.task.waitingBytes()).toBe(0);
    expect(fixture.task.pending).toEqual({ bytes: 4, records: 1, changed: true });
    fixture.commit();
    expect(fixture.task.pending).toEqual({ bytes: 0, records: 0, changed: false });
  });

  it('names the input of each effect when the order of arrival matters', () => {
    const parts = [streamPart(orders, count, names)];
    const fixture = new TaskFixture(application('app', [topology('shop', { order: 'arrival', parts })]));
    fixture.send(orders, { key: 'a', value: { n: 1 } }, { key: 'b', value: { n: 1 } });
    fixture.run();
    const origins = fixture.log('out').map(({ headers }) => headers['zt-origin']?.toString());
    expect(origins).toEqual(['orders/0/0', 'orders/0/1']);
  });

  it.each(['free', 'arrival'] as const)('passes the headers of the input on; order: %s', (order) => {
    const pass: Handler<Order> = (record, context) => {
      context.emitBytes(out, record.key, record.bytes, { headers: 'input' });
    };
    const parts = [streamPart(orders, pass, { outputs: [out] })];
    const fixture = new TaskFixture(application('app', [topology('shop', { order, parts })]));
    fixture.send(orders, { key: 'a', value: { n: 1 }, headers: { boot: Buffer.from('b') } });
    const headerBytes = Buffer.from('as they lie there');
    for (const record of fixture.log('orders')) Object.assign(record, { headerBytes });
    fixture.send(orders, { key: 'b', value: { n: 1 }, headers: { boot: Buffer.from('c') } });
    const outputs = fixture.run()?.outputs ?? [];
    const names = outputs.map(({ headers }) => headers?.map(([name, value]) => `${name} ${value}`));
    expect([names, outputs.map((each) => each.headerBytes)]).toEqual(
      order === 'free'
        ? [
            [undefined, ['boot c']],
            [headerBytes, undefined],
          ]
        : [
            [
              ['boot b', 'zt-origin orders/0/0'],
              ['boot c', 'zt-origin orders/0/1'],
            ],
            [undefined, undefined],
          ],
    );
  });

  it('gives outputs the ingest time of their input, and changelogs that of the commit', () => {
    const fixture = new TaskFixture(shop(streamPart(orders, count, names)));
    fixture.send(orders, { key: 'a', value: { n: 1 }, atMs: 77 });
    const cut = fixture.run();
    expect(cut?.outputs.map(({ timestampMs }) => timestampMs)).toEqual([77]);
    expect(cut?.changelogs.map(({ timestampMs }) => timestampMs)).toEqual([fixture.nowMs]);
  });

  it('passes a value that is written on under its own serde as the bytes that came', () => {
    const copies = keyedStore<Order>('copies');
    const copied = jsonTopic<Order>('copied');
    const copy: Handler<Order> = ({ key, value }, context) => {
      context.store(copies).put(key, value);
      context.emit(copied, key, value);
      context.emit(copied, key, { ...value });
    };
    const fixture = new TaskFixture(shop(streamPart(orders, copy, { stores: [copies], outputs: [copied] })));
    const batch = Buffer.concat([Buffer.from('{ "n": 5 }'), Buffer.alloc(20_000)]);
    fixture.send(orders, { key: 'a', bytes: batch.subarray(0, 10) });
    fixture.run();
    expect(fixture.read('copied')).toEqual(['a={ "n": 5 }', 'a={"n":5}']);
    expect(fixture.read('app.shop.copies.changelog')).toEqual(['a={ "n": 5 }']);
  });

  it('stops when a handler uses a name that its topology does not have', () => {
    const fixture = new TaskFixture(shop(streamPart(orders, count, { stores: [counts] })));
    fixture.send(orders, { key: 'a', value: { n: 1 } });
    fixture.fetch();
    expect(() => fixture.task.work(1)).toThrow(/output "out", which none of its parts names/);
  });

  it('leaves a record where it is while the world is not ready', () => {
    let isReady = false;
    const lookUp: Handler<Order> = (record, context) => {
      count(record, context);
      if (!isReady) throw new StreamsError('ZT-STREAMS-STOPPED', 'the registry is away');
    };
    const first = topology('first', { order: 'free', parts: [streamPart(orders, count, names)] });
    const second = topology('second', { order: 'free', parts: [streamPart(orders, lookUp, names)] });
    const fixture = new TaskFixture(application('app', [first, second]));
    fixture.send(orders, { key: 'a', value: { n: 1 } });
    fixture.fetch();
    expect(() => fixture.task.work(1)).toThrow('the registry is away');
    fixture.commit();
    expect(fixture.read('out')).toEqual([]);
    isReady = true;
    fixture.task.work(1);
    fixture.commit();
    expect(fixture.read('out')).toEqual(['a=1', 'a=1']);
    expect(fixture.letters).toEqual([]);
  });
});
