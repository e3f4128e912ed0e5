import { describe, expect, it } from '@jest/globals';
import { HighwayError } from './errors.ts';
import { PartitionQueue, PublishCall, type WaitingRecord } from './partition-queue.ts';

function waiting(call: PublishCall, index: number, bytes = 10): WaitingRecord {
  return { key: null, value: Buffer.from(String(index)), headers: [], timestampMs: 0, bytes, call, index };
}

describe('partition queue', () => {
  it('bounds a batch by records and bytes, and keeps the order', () => {
    const queue = new PartitionQueue('t', 0, 1);
    const call = new PublishCall(6, 100);
    for (let i = 0; i < 6; i++) queue.add(waiting(call, i, i === 3 ? 500 : 10));
    const sizes = [];
    for (let batch = queue.take(2, 100); batch !== null; batch = queue.take(2, 100)) {
      sizes.push(batch.records.map(({ index }) => index));
    }
    expect(sizes).toEqual([[0, 1], [2], [3], [4, 5]]);
  });

  it('gives a failed batch again before anything newer', () => {
    const queue = new PartitionQueue('t', 0, 1);
    const call = new PublishCall(2, 100);
    queue.add(waiting(call, 0));
    const first = queue.take(10, 100);
    queue.add(waiting(call, 1));
    if (first !== null) queue.putBack(first);
    expect(queue.take(10, 100)).toBe(first);
  });

  it('starts again at sequence 0 under a new identity after a batch of unknown fate', () => {
    const queue = new PartitionQueue('t', 0, 1);
    const identity = { producerId: 1n, producerEpoch: 0 };
    queue.identity = identity;
    queue.advance(5);
    queue.giveUpIdentity();
    expect([queue.identity, queue.spent, queue.sequence]).toEqual([null, identity, 0]);
  });

  it('runs the sequence on at 0 after 2^31 - 1', () => {
    const queue = new PartitionQueue('t', 0, 1);
    queue.advance(0x7fff_fffe);
    queue.advance(5);
    expect(queue.sequence).toBe(3);
  });
});

describe('publish call', () => {
  it('resolves with every place in the order of the messages', async () => {
    const call = new PublishCall(2, 0);
    call.stored(1, { partition: 0, offset: 8 });
    call.stored(0, { partition: 1, offset: 3 });
    await expect(call.promise).resolves.toEqual([
      { partition: 1, offset: 3 },
      { partition: 0, offset: 8 },
    ]);
  });

  it('rejects with the first failure, and stays rejected when the rest is stored', async () => {
    const call = new PublishCall(2, 0);
    call.fail(new HighwayError('ZT-HIGHWAY-AWAY', 'away'));
    call.stored(0, { partition: 0, offset: 1 });
    call.stored(1, { partition: 0, offset: 2 });
    await expect(call.promise).rejects.toMatchObject({ code: 'ZT-HIGHWAY-AWAY' });
  });
});
