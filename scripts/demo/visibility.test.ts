import { describe, expect, it } from '@jest/globals';
import { ZhongtaiError } from '@zhongtai/runtime';
import { watchVisibility } from './visibility.ts';

function warehouseThatShows(visible: ReadonlySet<string>, failures = 0) {
  let left = failures;
  return {
    async query<T>(_sql: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<T[]> {
      if (left > 0) {
        left -= 1;
        throw new ZhongtaiError('ZT-TEST', 'retryable', 'restarting');
      }
      const ids = parameters['ids'] as string[];
      return ids.filter((id) => visible.has(id)).map((id) => ({ event_id: id })) as T[];
    },
  };
}

const sample = (eventId: string) => ({ eventId, eventType: 'pos_sale', sentAt: 0, acceptedAt: Date.now() });

describe('watchVisibility', () => {
  it('measures until an event can be read, over a restart of ClickHouse', async () => {
    const watch = watchVisibility(warehouseThatShows(new Set(['a', 'b']), 2));
    watch.offer(sample('a'));
    watch.offer(sample('b'));
    const report = await watch.finish();
    expect(report).toMatchObject({ samples: 2, unseen: 0 });
    expect(report.p99Ms).toBeLessThan(5_000);
  });

  it('ends and reports the lost when an event never becomes visible', async () => {
    const watch = watchVisibility(warehouseThatShows(new Set(['a'])), 200);
    watch.offer(sample('a'));
    watch.offer(sample('lost'));
    expect(await watch.finish()).toMatchObject({ samples: 1, unseen: 1 });
  });
});
