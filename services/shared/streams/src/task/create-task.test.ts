import { describe, expect, it } from '@jest/globals';
import type { Serde } from '../serde.ts';
import { application, topology } from '../topology/topology.ts';
import type { KeyedStoreDefinition, Part } from '../topology/types.ts';
import { jsonSerde, jsonTopic, TaskFixture } from './fixture.ts';

const orders = jsonTopic<{ n: number }>('orders');
const out = jsonTopic<number>('out');
const counts: KeyedStoreDefinition<number> = {
  kind: 'keyed',
  name: 'counts',
  serde: jsonSerde as Serde<number>,
};

const counting: Part = {
  name: 'count',
  operator: 'stream',
  inputs: [
    {
      topic: orders,
      kind: 'stream',
      stage: 'count',
      handle(record, context) {
        const store = context.store(counts);
        const count = (store.get(record.key) ?? 0) + 1;
        store.put(record.key, count);
        context.emit(out, record.key, count);
        if (record.value.n < 0) throw new Error('negative');
      },
    },
  ],
  stores: [counts],
  outputs: [out],
};

describe('a task', () => {
  it('counts by key, and writes only the last value of a key', () => {
    const fixture = new TaskFixture(
      application('app', [topology('shop', { order: 'free', parts: [counting] })]),
    );
    fixture.send(
      orders as never,
      { key: 'a', value: { n: 1 } },
      { key: 'b', value: { n: 1 } },
      { key: 'a', value: { n: 1 } },
    );
    fixture.run();
    expect(fixture.read('out')).toEqual(['a=1', 'b=1', 'a=2']);
    expect(fixture.read('app.shop.counts.changelog')).toEqual(['a=2', 'b=1']);
    expect(fixture.position?.inputs).toEqual({ orders: 3 });
  });

  it('takes back what a throwing handler did, and sets the record aside', () => {
    const fixture = new TaskFixture(
      application('app', [topology('shop', { order: 'free', parts: [counting] })]),
    );
    fixture.send(
      orders as never,
      { key: 'a', value: { n: 1 } },
      { key: 'a', value: { n: -1 } },
      { key: 'a', value: { n: 1 } },
    );
    fixture.run();
    expect(fixture.read('out')).toEqual(['a=1', 'a=2']);
    expect(fixture.letters).toMatchObject([{ offset: 1, stage: 'count', message: 'negative' }]);
  });
});
