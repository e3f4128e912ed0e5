import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '@zhongtai/runtime';
import { createSinkMetrics } from './metrics.ts';

describe('metrics of the sink', () => {
  it('show no lag of a topic whose partitions are with somebody else', async () => {
    const lags = new Map([
      ['highway.order', 3],
      ['highway.social', 5],
    ]);
    const registry = createMetrics();
    createSinkMetrics(registry, {
      lagSeconds: () => lags,
      pendingSeconds: () => 0,
      blockedPartitions: () => 0,
      openBytes: () => 0,
    });
    const shown = async () => {
      const text = await registry.getSingleMetricAsString('zhongtai_sink_lag_seconds');
      return text.split('\n').filter((line) => line.startsWith('zhongtai'));
    };
    expect(await shown()).toHaveLength(2);
    lags.delete('highway.order');
    expect(await shown()).toEqual(['zhongtai_sink_lag_seconds{topic="highway.social"} 5']);
  });
});
