/**
 * 02 · Stores
 *
 * What a topology remembers lies in named stores: one value for each key, of this task's partition. A store is kept
 * on the machine and in a changelog topic; both are written with the outputs, in one transaction or not at all.
 * Values are shared with a cache: never change one, put a new one.
 */
import { describe, expect, it } from '@jest/globals';
import {
  aggregate,
  count,
  jsonSerde,
  type KeyedStoreDefinition,
  numberSerde,
  type StreamTopic,
  stream,
  table,
  topology,
} from '@zhongtai/streams';
import { drive } from '@zhongtai/streams/driver';

interface Item {
  readonly sku: string;
}
interface Basket {
  readonly items: readonly string[];
}

const added: StreamTopic<Item> = { name: 'item-added', partitions: 'P', serde: jsonSerde('item') };
const baskets: KeyedStoreDefinition<Basket> = { kind: 'keyed', name: 'baskets', serde: jsonSerde('basket') };

describe('stores', () => {
  it('hold one value for each key', () => {
    const filling = topology('filling', {
      order: 'free',
      parts: [
        stream(
          added,
          ({ key, value }, context) => {
            const items = context.store(baskets).get(key)?.items ?? [];
            context.store(baskets).put(key, { items: [...items, value.sku] });
          },
          { stores: [baskets] },
        ),
      ],
    });
    const driver = drive(filling, { partitions: 2 });
    driver.pipe(added, 'ann', { sku: 'tea' });
    driver.pipe(added, 'ben', { sku: 'cup' });
    driver.pipe(added, 'ann', { sku: 'milk' });
    expect(driver.store<Basket>('baskets').get('ann')).toEqual({ items: ['tea', 'milk'] });
    expect(driver.store('baskets').entries()).toHaveLength(2);
  });

  it('read their keys in order, from one to another', () => {
    const seen: string[] = [];
    const scanning = topology('scanning', {
      order: 'free',
      parts: [
        stream(
          added,
          ({ key, value }, context) => {
            context.store(baskets).put(value.sku, { items: [key] });
            seen.splice(0, seen.length, ...[...context.store(baskets).range('b', 'd')].map(([sku]) => sku));
          },
          { stores: [baskets] },
        ),
      ],
    });
    const driver = drive(scanning);
    for (const sku of ['cup', 'apple', 'dill', 'bread']) driver.pipe(added, 'ann', { sku });
    expect(seen).toEqual(['bread', 'cup']);
  });

  it('are most often a part of their own: a count, a sum, a table', () => {
    const adds = count({ name: 'adds', from: added });
    const lengths = aggregate<Item, number>({
      name: 'letters',
      from: added,
      serde: numberSerde,
      initial: 0,
      add: (sum, { sku }) => sum + sku.length,
    });
    const driver = drive(topology('counting', { order: 'free', parts: [adds, lengths] }));
    driver.pipe(added, 'ann', { sku: 'tea' });
    driver.pipe(added, 'ann', { sku: 'milk' });
    expect(driver.store('adds').get('ann')).toBe(2);
    expect(driver.store('letters').get('ann')).toBe(7);
  });

  it('of a table follow its topic; a tombstone takes the row away', () => {
    const stock: StreamTopic<number> = { name: 'stock', partitions: 'P', serde: numberSerde };
    const driver = drive(topology('following', { order: 'arrival', parts: [table(stock)] }));
    driver.pipe(stock, 'tea', 5);
    driver.pipe(stock, 'tea', 4);
    expect(driver.store('stock').get('tea')).toBe(4);
    driver.pipe(stock, 'tea', null);
    expect(driver.store('stock').entries()).toEqual([]);
  });

  it('share their values: the driver catches a handler that changes one', () => {
    const changing = topology('changing', {
      order: 'free',
      parts: [
        stream(
          added,
          ({ key, value }, context) => {
            const basket = context.store(baskets).get(key) ?? { items: [] };
            context.store(baskets).put(key, basket);
            Object.assign(basket, { items: [value.sku] });
          },
          { stores: [baskets] },
        ),
      ],
    });
    const driver = drive(changing);
    driver.pipe(added, 'ann', { sku: 'tea' });
    expect(driver.deadLetters()[0]?.message).toMatch(/read only/);
  });
});
