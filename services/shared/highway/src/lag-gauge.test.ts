import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '@zhongtai/runtime';
import { GuardedCluster } from './guarded-cluster.ts';
import type { BrokerNode, KafkajsCluster } from './kafkajs-types.ts';
import { LagGauge } from './lag-gauge.ts';
import { createHighwayMetrics } from './metrics.ts';

function setUp() {
  let now = 10_000;
  const log = { end: 100, asked: [] as string[] };
  const broker: Partial<BrokerNode> = {
    listOffsets: async ({ topics }) => ({
      responses: topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((asked) => {
          const { partition } = asked as { partition: number };
          log.asked.push(`${topic}/${partition}`);
          return { partition, offset: String(log.end) };
        }),
      })),
    }),
  };
  const cluster: Partial<KafkajsCluster> = {
    findTopicPartitionMetadata: () => [],
    findBroker: async () => broker as BrokerNode,
  };
  const registry = createMetrics();
  const lag = new LagGauge({
    cluster: new GuardedCluster(() => cluster as KafkajsCluster, 1_000),
    groupId: 'g',
    metrics: createHighwayMetrics(registry),
    clock: () => now,
  });
  const shown = async () => {
    const text = await registry.getSingleMetricAsString('zhongtai_highway_lag_records');
    return text.split('\n').filter((line) => line.startsWith('zhongtai'));
  };
  const later = (ms: number) => {
    now += ms;
  };
  return { lag, log, shown, later };
}

const place = { topic: 't', partition: 3 };
const series = 'zhongtai_highway_lag_records{group="g",topic="t",partition="3"}';

describe('the lag of a partition', () => {
  it('goes on being told while the partition is held, where it froze', async () => {
    const { lag, log, shown, later } = setUp();
    lag.set(place, 0);
    await lag.refresh([{ ...place, stoodAt: 90 }]);
    expect(log.asked).toEqual([]);
    later(5_000);
    await lag.refresh([
      { ...place, stoodAt: 90 },
      { topic: 't', partition: 4, stoodAt: null },
    ]);
    expect(await shown()).toEqual([`${series} 10`]);
    log.end = 500;
    later(5_000);
    await lag.refresh([{ ...place, stoodAt: 90 }]);
    expect(await shown()).toEqual([`${series} 410`]);
    expect(log.asked).toEqual(['t/3', 't/3']);
  });

  it('is gone when the partition is: its next owner tells it, not two of them', async () => {
    const { lag, shown, later } = setUp();
    lag.set(place, 7);
    expect(await shown()).toEqual([`${series} 7`]);
    lag.close([place]);
    lag.set(place, 8);
    later(5_000);
    await lag.refresh([{ ...place, stoodAt: 90 }]);
    expect(await shown()).toEqual([]);
  });
});
