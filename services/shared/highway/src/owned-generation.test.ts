import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import type { GroupMember } from './group-member.ts';
import { GuardedCluster } from './guarded-cluster.ts';
import type { BrokerNode, KafkajsCluster, WireExchange } from './kafkajs-types.ts';
import { createHighwayMetrics } from './metrics.ts';
import { OwnedGeneration } from './owned-generation.ts';

const topic = 'highway.order';
const places = [0, 1, 2].map((partition) => ({ topic, partition }));

/** How many partitions of the topic a fetch asks for. */
async function askedFor({ request }: WireExchange<unknown>): Promise<number> {
  const { buffer } = await request.encode();
  return buffer.readInt32BE(buffer.indexOf(topic) + topic.length);
}

/** The bug: the first partition that was sent on its way was fetched alone, and the broker kept all others waiting. */
describe('the partitions of a new generation', () => {
  it('are fetched together from the first fetch on', async () => {
    const fetches: WireExchange<unknown>[] = [];
    const answered = Promise.withResolvers<void>();
    const broker: Partial<BrokerNode> = {
      connectionPool: {
        send(exchange) {
          fetches.push(exchange);
          return answered.promise.then(() => exchange.response.parse(JSON.parse('{"partitions":[]}')));
        },
      },
    };
    const cluster: Partial<KafkajsCluster> = {
      findTopicPartitionMetadata: () =>
        places.map(({ partition }) => ({ partitionId: partition, leader: 1 })),
      findBroker: async () => broker as BrokerNode,
    };
    const member: Partial<GroupMember> = { heartbeat: async () => undefined };
    const owned = new OwnedGeneration(
      { generation: 1, memberId: 'm', partitions: places },
      {
        cluster: new GuardedCluster(() => cluster as KafkajsCluster, 1_000),
        topics: [topic],
        member: member as GroupMember,
        groupId: 'g',
        sessionTimeoutMs: 6_000,
        heartbeatMs: 2_000,
        limits: { maxWaitMs: 1_000, maxBytes: 1_000, maxBytesPerPartition: 1_000 },
        logger: createLogger({ name: 'test', level: 'silent' }),
        metrics: createHighwayMetrics(createMetrics()),
        clock: Date.now,
        onBatch: async () => undefined,
        onFatal: () => undefined,
      },
    );
    for (const place of places) owned.go(place, 0);
    for (let i = 0; i < 5; i++) await turn();
    owned.end('stop');
    owned.close();
    answered.resolve();
    expect(await Promise.all(fetches.map(askedFor))).toEqual([3]);
  });
});
