/**
 * 09 · Rekey
 *
 * A task has the records of its partition only. Who needs them by another key writes them to an internal topic under
 * that key and reads it in a next stage: the engine makes the topic, `<application>.<name>`. The stages are topologies
 * of one application and share its tasks and transactions.
 */
import { describe, expect, it } from '@jest/globals';
import { application, count, jsonSerde, rekey, type StreamTopic, stream, topology } from '@zhongtai/streams';
import { drive } from '@zhongtai/streams/driver';

interface Order {
  readonly shop: string;
  readonly atMs: number;
}

const T = Date.UTC(2026, 5, 1);
const time = { eventTimeMs: ({ atMs }: Order) => atMs };
const orders: StreamTopic<Order> = { name: 'orders', partitions: 'P', serde: jsonSerde('order'), ...time };
const byShop = rekey('orders-by-shop', jsonSerde<Order>('order'), time);

const regrouping = topology('regrouping', {
  order: 'free',
  parts: [
    stream(orders, ({ value }, context) => context.emit(byShop, value.shop, value), { outputs: [byShop] }),
  ],
});
const counting = topology('counting', { order: 'free', parts: [count({ name: 'per-shop', from: byShop })] });
const shop = application('shop', [regrouping, counting]);

describe('rekey', () => {
  it('brings records together that came under different keys', () => {
    const driver = drive(shop, { partitions: 4, nowMs: T });
    for (const customer of ['ann', 'ben', 'cid', 'dan', 'eve']) {
      driver.pipe(orders, customer, { shop: 'taipei', atMs: T });
    }
    expect(driver.store('per-shop').entries()).toEqual([['taipei', 5]]);
  });

  it('keeps the time of the fact: the topic reads it from the value', () => {
    const driver = drive(shop, { nowMs: T });
    driver.pipe(orders, 'ann', { shop: 'taipei', atMs: T - 5000 }, T);
    const [record] = driver.read(byShop);
    expect(record?.value?.atMs).toBe(T - 5000);
    expect(record?.timestampMs).toBe(T);
  });

  it('is refused when nobody writes what is read', () => {
    expect(() => application('shop', [counting])).toThrow('reads the internal topic "orders-by-shop"');
  });
});
