import { describe, expect, it } from '@jest/globals';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import type { KafkajsCluster } from './kafkajs-types.ts';
import { createHighwayMetrics } from './metrics.ts';
import { ProducerLink } from './producer-link.ts';

const never = () => new Promise<never>(() => undefined);
const leader = { partitionId: 0, leader: 1 };

function clusterWith(lookUp: () => Promise<void>): KafkajsCluster {
  const known = {
    isConnected: () => true,
    connect: async () => undefined,
    disconnect: never,
    addMultipleTargetTopics: lookUp,
    findTopicPartitionMetadata: () => [leader],
  };
  return known as Partial<KafkajsCluster> as KafkajsCluster;
}

/**
 * The bug: after kill -9 of the broker one look-up of a topic inside kafkajs never came back, and every publish to
 * the topic waited behind it for ever, long after the broker was up again.
 */
describe('an operation that kafkajs has lost', () => {
  it('is given up together with its cluster, and the next one succeeds', async () => {
    const clusters = [clusterWith(never), clusterWith(async () => undefined)];
    const metrics = createHighwayMetrics(createMetrics());
    const logger = createLogger({ name: 'test', level: 'silent' });
    const parts = { brokers: [], clientId: 'test', logger, metrics, clock: Date.now };
    const link = new ProducerLink(parts, 50, () => clusters.shift() ?? clusterWith(never));
    expect(await link.partitionsOf('t', Date.now() + 5_000)).toEqual([leader]);
    expect(clusters).toEqual([]);
  });
});
