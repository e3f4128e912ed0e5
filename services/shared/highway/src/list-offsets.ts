import { translate } from './broker-errors.ts';
import type { GuardedCluster } from './guarded-cluster.ts';
import type { Place } from './subscription-types.ts';

/** Kafka's names for the first offset of a partition and for the one behind its last committed record. */
export const logEnds = { first: -2, last: -1 } as const;

const readCommitted = 1;

/** Asks the leaders for one end of each partition; answers by `topic/partition`. */
export async function listOffsets(
  cluster: GuardedCluster,
  places: readonly Place[],
  end: keyof typeof logEnds,
): Promise<Map<string, number>> {
  const timestamp = logEnds[end];
  const found = new Map<string, number>();
  const byLeader = Map.groupBy(places, (place) => cluster.leaderOf(place.topic, place.partition));
  try {
    for (const [nodeId, ofLeader] of byLeader) {
      const topics = [...Map.groupBy(ofLeader, ({ topic }) => topic)].map(([topic, some]) => ({
        topic,
        partitions: some.map(({ partition }) => ({ partition, timestamp })),
      }));
      const { responses } = await cluster.run('listing offsets', async (present) => {
        const broker = await present.findBroker({ nodeId });
        return await broker.listOffsets({ replicaId: -1, isolationLevel: readCommitted, topics });
      });
      for (const { topic, partitions } of responses) {
        for (const { partition, offset } of partitions)
          found.set(placeName({ topic, partition }), Number(offset));
      }
    }
    return found;
  } catch (error) {
    throw translate(error, 'list offsets');
  }
}

export function placeName({ topic, partition }: Place): string {
  return `${topic}/${partition}`;
}
