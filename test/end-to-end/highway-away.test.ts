import { describe, expect, it } from '@jest/globals';
import { eventually, highwayAt } from './highway-fixture.ts';

describe('a broker that is away', () => {
  it('is a retryable error within the time limit, and bytes are given back', async () => {
    const highway = highwayAt({ kafka: '127.0.0.1:1', registry: 'http://127.0.0.1:1' });
    const publisher = highway.createPublisher({ timeoutMs: 500 });
    await publisher.start();
    const startedAt = Date.now();
    const message = { topic: 'nowhere', key: 'k', value: Buffer.from('v'), timestampMs: 1 };
    await expect(publisher.publish([message])).rejects.toMatchObject({ failure: 'retryable' });
    expect(Date.now() - startedAt).toBeLessThan(1_500);
    expect(publisher.healthy).toBe(false);
    await eventually(() => publisher.bytesInFlight === 0);
    await publisher.stop();
    await highway.close();
  });

  it('is refused at once when the capacity is full', async () => {
    const highway = highwayAt({ kafka: '127.0.0.1:1', registry: 'http://127.0.0.1:1' });
    const publisher = highway.createPublisher({ timeoutMs: 500, capacityBytes: 1_000 });
    await publisher.start();
    const message = { topic: 'nowhere', key: 'k', value: Buffer.alloc(900), timestampMs: 1 };
    const first = publisher.publish([message]).catch(() => 'refused');
    await expect(publisher.publish([message])).rejects.toMatchObject({ code: 'ZT-HIGHWAY-FULL' });
    expect(await first).toBe('refused');
    await publisher.stop();
    await highway.close();
  });
});
