import { expect, it } from '@jest/globals';
import type { Place } from '@zhongtai/streams';
import type { LogClient } from './log-client.ts';
import { type OutsideKafka, readToEnd } from './log-contract-fixture.ts';

const overwrites = 30;

/** Begins early, because the broker's cleaner comes by every fifteen seconds only. */
export async function startCompaction(outside: OutsideKafka): Promise<Place & { end(): void }> {
  const topic = await outside.topic(1, {
    'cleanup.policy': 'compact',
    'segment.ms': '200',
    'min.cleanable.dirty.ratio': '0.01',
    'max.compaction.lag.ms': '100',
    'delete.retention.ms': '0',
  });
  const place = { topic, partition: 0 };
  const writer = await outside.writer();
  await writer.plain(place, ['first'], 'kept');
  for (let n = 0; n < overwrites; n++) await writer.plain(place, [`${n}`], 'overwritten');
  // A segment is rolled by the record that follows, and only rolled ones are compacted.
  const rolling = setInterval(() => {
    void writer.plain(place, [null], 'overwritten').catch(() => undefined);
  }, 2_000);
  return { ...place, end: () => clearInterval(rolling) };
}

export function describeCompaction(open: () => LogClient, compacting: () => Place & { end(): void }): void {
  it('the log reader reaches the end of a log whose tail was compacted away', async () => {
    const client = open();
    const reader = client.createReader();
    const { topic, partition, end } = compacting();
    const place = { topic, partition };
    try {
      const left = async () => (await readToEnd(reader, place)).records.length;
      for (let n = 0; n < 200 && (await left()) >= overwrites; n++) {
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
      end();
      const [bounds] = await reader.bounds([place]);
      const { records, nextOffset } = await readToEnd(reader, place);
      expect(records.length).toBeLessThan(overwrites);
      expect(records[0]).toMatchObject({ offset: 0, value: Buffer.from('first') });
      expect(nextOffset).toBe(bounds?.end);
    } finally {
      end();
      await reader.close();
      await client.close();
    }
  }, 90_000);
}
