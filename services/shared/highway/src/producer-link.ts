import type { Logger } from '@zhongtai/runtime';
import { translate } from './broker-errors.ts';
import { HighwayError } from './errors.ts';
import { GuardedCluster } from './guarded-cluster.ts';
import { createCluster, exchange, type KafkaClientOptions } from './kafka-client.ts';
import type { PartitionLeader } from './kafkajs-types.ts';
import type { HighwayMetrics } from './metrics.ts';
import type { Batch, PartitionQueue, ProducerIdentity } from './partition-queue.ts';
import { type ProduceAnswer, produceRequest } from './produce-request.ts';

const mostRequestMs = 5_000;
/** A broker that is coming up may not know its topics yet: believe that one is missing only after this time. */
const missingAfterMs = 3_000;
const backOffMs = { first: 20, most: 400 };

interface LinkParts extends KafkaClientOptions {
  readonly logger: Logger;
  readonly metrics: HighwayMetrics;
  readonly clock: () => number;
}

/** The publisher's side that talks to Kafka: leaders of partitions, producer ids, produce requests. */
export class ProducerLink {
  readonly #parts: LinkParts;
  readonly #requestTimeoutMs: number;
  readonly #cluster: GuardedCluster;
  #identity: Promise<ProducerIdentity> | null = null;

  constructor(parts: LinkParts, timeoutMs: number, newCluster: typeof createCluster = createCluster) {
    this.#parts = parts;
    this.#requestTimeoutMs = Math.min(mostRequestMs, timeoutMs);
    this.#cluster = new GuardedCluster(
      () => newCluster(parts, this.#requestTimeoutMs),
      this.#requestTimeoutMs,
    );
  }

  connect(): Promise<void> {
    return this.#cluster.connect();
  }

  disconnect(): Promise<void> {
    return this.#cluster.disconnect();
  }

  /** The partitions of a topic with their leaders, in order; waits for a broker that is away until the deadline. */
  async partitionsOf(topic: string, deadline: number): Promise<PartitionLeader[]> {
    const since = this.#parts.clock();
    for (let attempt = 0; ; attempt++) {
      const found = await this.#lookUp(topic, since, deadline);
      if (found.length > 0) return found;
      await pause(attempt);
    }
  }

  async #lookUp(topic: string, since: number, deadline: number): Promise<PartitionLeader[]> {
    const now = this.#parts.clock();
    const late = now >= deadline;
    try {
      await this.#cluster.know([topic]);
    } catch (error) {
      const ours = translate(error, `topic ${topic}`, { topic });
      const maybeComing = ours.code === 'ZT-HIGHWAY-NO-TOPIC' && now - since < missingAfterMs;
      if (late || (ours.failure !== 'retryable' && !maybeComing)) throw ours;
      return [];
    }
    const found = this.#cluster.leadersOf(topic);
    if (found.length === 0 && late) {
      throw new HighwayError('ZT-HIGHWAY-AWAY', `topic ${topic} has no leader`, { details: { topic } });
    }
    return [...found].sort((a, b) => a.partitionId - b.partitionId);
  }

  /** After an error: connects again and learns who leads what now. */
  async refreshLeaders(topics: ReadonlyMap<string, readonly PartitionQueue[]>): Promise<void> {
    try {
      await this.#cluster.revive([...topics.keys()]);
      for (const [topic, queues] of topics) {
        for (const { partitionId, leader } of this.#cluster.leadersOf(topic)) {
          const queue = queues[partitionId];
          if (queue !== undefined) queue.leader = leader;
        }
      }
    } catch (error) {
      this.#parts.logger.debug({ code: translate(error, 'metadata').code }, 'metadata not refreshed');
    }
  }

  /** A producer identity that this partition has not used before. */
  async identityFor(queue: PartitionQueue): Promise<ProducerIdentity> {
    this.#identity ??= this.#initProducer();
    const current = await this.#identity;
    if (current !== queue.spent) return current;
    this.#parts.metrics.producersReplaced.inc();
    this.#identity = this.#initProducer();
    return await this.#identity;
  }

  async #initProducer(): Promise<ProducerIdentity> {
    try {
      await this.connect();
      const { producerId, producerEpoch } = await this.#cluster.run('a producer id', async (cluster) => {
        await cluster.refreshMetadataIfNecessary();
        const broker = await cluster.findControllerBroker();
        return broker.initProducerId({ transactionTimeout: 30_000 });
      });
      return { producerId: BigInt(String(producerId)), producerEpoch };
    } catch (error) {
      this.#identity = null;
      throw error;
    }
  }

  async produce(nodeId: number, batches: readonly Batch[]): Promise<ProduceAnswer> {
    await this.connect();
    const broker = await this.#cluster.run('finding a broker', (cluster) => cluster.findBroker({ nodeId }));
    const sentAt = performance.now();
    for (const batch of batches) batch.attempts++;
    const request = produceRequest(
      batches.map(({ queue, encoded }) => ({
        topic: queue.topic,
        partition: queue.partition,
        bytes: encoded ?? Buffer.alloc(0),
      })),
      this.#requestTimeoutMs,
    );
    const answer = await this.#cluster.run('a produce request', () => exchange(broker, request));
    this.#parts.metrics.publishSeconds.observe((performance.now() - sentAt) / 1000);
    return answer;
  }
}

/** What the publisher needs of Kafka; a test puts a broker that loses answers in its place. */
export type PublisherLink = Pick<
  ProducerLink,
  'connect' | 'disconnect' | 'partitionsOf' | 'refreshLeaders' | 'identityFor' | 'produce'
>;

/** Waits longer after each attempt. */
export function pause(attempt: number): Promise<void> {
  const ms = Math.min(backOffMs.most, backOffMs.first * 2 ** Math.min(attempt, 10));
  return new Promise((resolve) => setTimeout(resolve, ms));
}
