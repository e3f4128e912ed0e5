import { describe, expect, it } from '@jest/globals';
import { fairOrder, OwnedPartition } from './owned-partition.ts';

describe('the order of a fetch', () => {
  it('lets no partition starve behind others that always have more than an answer holds', () => {
    const partitions = Array.from(
      { length: 20 },
      (_, partition) => new OwnedPartition({ topic: 't', partition }),
    );
    const served = new Map<number, number>();
    let turn = 0;
    for (let fetch = 0; fetch < 30; fetch++) {
      // An answer holds the records of eight partitions, as a broker with full partitions fills it.
      for (const own of fairOrder(partitions).slice(0, 8)) {
        own.servedAt = ++turn;
        served.set(own.partition, (served.get(own.partition) ?? 0) + 1);
      }
    }
    expect([...served.values()]).toEqual(Array(20).fill(12));
  });
});

describe('a partition that is held', () => {
  it('still says where it stands, and says nothing before it was told to go', () => {
    const own = new OwnedPartition({ topic: 't', partition: 0 });
    own.hold();
    expect(own.stoodAt).toBeNull();
    own.go(5);
    own.advance(5, 9);
    own.hold();
    expect([own.position, own.stoodAt]).toEqual([null, 9]);
    own.go(12);
    expect(own.stoodAt).toBe(12);
  });
});
