/**
 * 01 · A first topology
 *
 * A topology is a value: it names its inputs, what it keeps, what it writes. Nothing runs when it is made. A handler
 * is a plain function of a record and a context; what it does, it does through the context. The driver runs it
 * without a broker and with a clock that only moves when told; the engine runs the same value on Kafka.
 */
import { describe, expect, it } from '@jest/globals';
import {
  application,
  describeTopology,
  jsonSerde,
  type StreamTopic,
  stream,
  topology,
} from '@zhongtai/streams';
import { drive } from '@zhongtai/streams/driver';

interface Order {
  readonly customer: string;
  readonly total: number;
}

const orders: StreamTopic<Order> = { name: 'orders', partitions: 'P', serde: jsonSerde('order') };
const large: StreamTopic<Order> = { name: 'large-orders', partitions: 'P', serde: jsonSerde('order') };

const sorting = topology('sorting', {
  order: 'free',
  parts: [
    stream(
      orders,
      ({ key, value }, context) => {
        if (value.total >= 1000) context.emit(large, key, value);
        else context.drop('small');
      },
      { outputs: [large] },
    ),
  ],
});

describe('a first topology', () => {
  it('turns records into records', () => {
    const driver = drive(sorting);
    driver.pipe(orders, 'o-1', { customer: 'ann', total: 1200 });
    driver.pipe(orders, 'o-2', { customer: 'ben', total: 80 });
    expect(driver.read(large).map(({ key, value }) => [key, value?.total])).toEqual([['o-1', 1200]]);
  });

  it('keeps the order of a key, on one partition or many', () => {
    const driver = drive(sorting, { partitions: 4 });
    for (const total of [1001, 1002, 1003]) driver.pipe(orders, 'o-1', { customer: 'ann', total });
    expect(driver.read(large).map(({ value }) => value?.total)).toEqual([1001, 1002, 1003]);
  });

  it('reads once what was written: read gives what is new since the last read', () => {
    const driver = drive(sorting);
    driver.pipe(orders, 'o-1', { customer: 'ann', total: 1200 });
    expect(driver.read(large)).toHaveLength(1);
    expect(driver.read(large)).toHaveLength(0);
  });

  it('says what it is', () => {
    expect(describeTopology(sorting)).toBe(
      [
        'topology sorting: order free, from earliest, records as they come, idle after 15 s',
        '  orders (stream)',
        '    reads orders (json:order)',
        '    writes large-orders (json:order)',
        '',
      ].join('\n'),
    );
  });

  it('is refused when two of its names clash, and the message names both', () => {
    const twice = () =>
      topology('twice', { order: 'free', parts: [stream(orders, () => {}), stream(orders, () => {})] });
    expect(twice).toThrow('two parts are called "orders"');
    expect(() => application('shop', [sorting, sorting])).toThrow('two topologies called "sorting"');
  });

  it('stops when a handler writes to a topic that no part names: that is a mistake, not bad data', () => {
    const careless = topology('careless', {
      order: 'free',
      parts: [stream(orders, ({ key, value }, context) => context.emit(large, key, value))],
    });
    expect(() => drive(careless).pipe(orders, 'o-1', { customer: 'ann', total: 1 })).toThrow('large-orders');
  });
});
