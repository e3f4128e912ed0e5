import { HighwayError } from './errors.ts';
import type { KafkajsCluster, PartitionLeader } from './kafkajs-types.ts';

/**
 * kafkajs can lose an operation for ever: a request that slips into a connection which is being closed has no
 * time-out any more. After this many request times the cluster is given up for a new one.
 */
const lostAfterRequests = 2;

/** A cluster of kafkajs whose every operation ends: in its result, in its error, or in a new cluster. */
export class GuardedCluster {
  readonly #create: () => KafkajsCluster;
  readonly #limitMs: number;
  #cluster: KafkajsCluster;

  constructor(create: () => KafkajsCluster, requestTimeoutMs: number) {
    this.#create = create;
    this.#limitMs = lostAfterRequests * requestTimeoutMs;
    this.#cluster = create();
  }

  /** Runs an operation that must end; one that does not takes its cluster with it. */
  async run<T>(
    what: string,
    operation: (cluster: KafkajsCluster) => Promise<T>,
    limitMs = this.#limitMs,
  ): Promise<T> {
    const cluster = this.#cluster;
    const lost = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      if (this.#cluster === cluster) this.#cluster = this.#create();
      lost.reject(new HighwayError('ZT-HIGHWAY-AWAY', `${what} did not end: beginning anew`));
      // Whatever it still holds is closed in the background, as far as that ends.
      cluster.disconnect().catch(() => undefined);
    }, limitMs);
    try {
      return await Promise.race([operation(cluster), lost.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async connect(): Promise<void> {
    if (!this.#cluster.isConnected()) await this.run('connecting', (cluster) => cluster.connect());
  }

  disconnect(): Promise<void> {
    return this.run('closing', (cluster) => cluster.disconnect());
  }

  /** After an error: reconnects when nothing is connected, and learns leaders again; a new cluster learns the topics. */
  async revive(topics: readonly string[]): Promise<void> {
    await this.connect();
    await this.run('asking for leaders', async (cluster) => {
      await cluster.refreshMetadata();
      await cluster.addMultipleTargetTopics([...topics]);
    });
  }

  /** Makes topics known; asks the broker only for those that are new. */
  async know(topics: readonly string[]): Promise<void> {
    await this.connect();
    await this.run('looking up topics', (cluster) => cluster.addMultipleTargetTopics([...topics]));
  }

  /** Who leads the partitions of a topic; nobody while the topic is not known. */
  leadersOf(topic: string): PartitionLeader[] {
    try {
      return this.#cluster.findTopicPartitionMetadata(topic);
    } catch {
      // A cluster that began anew has no metadata yet.
      return [];
    }
  }

  /** The node that leads a partition; -1, which no broker has, while that is not known. */
  leaderOf(topic: string, partition: number): number {
    return this.leadersOf(topic).find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
  }
}
