import { describe, expect, it } from '@jest/globals';
import { GroupMember } from './group-member.ts';
import { GuardedCluster } from './guarded-cluster.ts';
import type { BrokerNode, KafkajsCluster } from './kafkajs-types.ts';
import { coPartitioned } from './partition-assigner.ts';

const never = () => new Promise<never>(() => undefined);
const place = { topic: 't', partition: 0 };

function clusterWith(coordinator: Partial<BrokerNode>, log: string[] = []): KafkajsCluster {
  const known: Partial<KafkajsCluster> = {
    isConnected: () => true,
    disconnect: async () => void log.push('disconnected'),
    findGroupCoordinator: async () => coordinator as BrokerNode,
  };
  return known as KafkajsCluster;
}

function memberOver(clusters: KafkajsCluster[]) {
  const cluster = new GuardedCluster(() => clusters.shift() ?? clusterWith({ offsetFetch: never }), 25);
  const group = {
    groupId: 'g',
    topics: ['t'],
    sessionTimeoutMs: 30,
    rebalanceTimeoutMs: 20,
    assigner: coPartitioned,
  };
  return { cluster, member: new GroupMember({ cluster, ...group }) };
}

const committedAt = (offset: string): Partial<BrokerNode> => ({
  offsetFetch: async () => ({ responses: [{ topic: 't', partitions: [{ partition: 0, offset }] }] }),
});

/**
 * The bug: requests to the coordinator that kafkajs had lost never ended, so a group member whose broker was
 * killed at the wrong moment neither beat nor joined again.
 */
describe('a request to the coordinator that is lost', () => {
  it.each([
    ['committed', (member: GroupMember) => member.committed([place])],
    ['join', (member: GroupMember) => member.join()],
    [
      'heartbeat',
      (member: GroupMember) => member.heartbeat({ generation: 1, memberId: 'm', partitions: [] }),
    ],
    ['commit', (member: GroupMember) => member.commit({ generation: 1, memberId: 'm', partitions: [] }, [])],
  ] as const)('%s: ends, with its cluster, and the next one asks anew', async (_what, ask) => {
    const log: string[] = [];
    const lost = clusterWith(
      { offsetFetch: never, joinGroup: never, heartbeat: never, offsetCommit: never },
      log,
    );
    const { member } = memberOver([lost, clusterWith(committedAt('5'))]);
    await expect(ask(member)).rejects.toMatchObject({ failure: 'retryable' });
    expect(log).toEqual(['disconnected']);
    expect(await member.committed([place])).toEqual([{ ...place, offset: 5, metadata: '' }]);
  });

  it('also when another request gave the cluster up: its coordinator goes with it', async () => {
    const { cluster, member } = memberOver([clusterWith(committedAt('4')), clusterWith(committedAt('5'))]);
    expect(await member.committed([place])).toMatchObject([{ offset: 4 }]);
    await expect(cluster.run('a fetch', never)).rejects.toMatchObject({ code: 'ZT-HIGHWAY-AWAY' });
    expect(await member.committed([place])).toMatchObject([{ offset: 5 }]);
  });
});
