import { translate } from '../broker-errors.ts';
import { HighwayError } from '../errors.ts';
import { GuardedCluster } from '../guarded-cluster.ts';
import { createCluster, exchange, type KafkaClientOptions } from '../kafka-client.ts';
import type { BrokerNode, KafkajsCluster, WireExchange } from '../kafkajs-types.ts';
import type { Place } from '../subscription-types.ts';

const requestTimeoutMs = 5_000;
/** kafkajs's number for the coordinator of transactions. */
const transactionCoordinator = 1;

/** EndTxn v5 came with Kafka 4.0, and with it the epoch of each transaction. */
const endTransaction = { apiKey: 26, version: 5 };

function refuseOld({ versions }: BrokerNode): void {
  const known = versions?.[endTransaction.apiKey]?.maxVersion;
  if (known === undefined || known >= endTransaction.version) return;
  throw new HighwayError('ZT-HIGHWAY-OLD-BROKER', 'transactions need brokers of Kafka 4.0 or newer');
}

/** The connections of one transactional producer: its coordinator, and the leaders of the partitions it writes. */
export class TransactionLink {
  readonly #transactionalId: string;
  readonly #cluster: GuardedCluster;
  readonly #topics = new Set<string>();
  #coordinator: { readonly node: BrokerNode; readonly of: KafkajsCluster } | null = null;

  constructor(
    options: KafkaClientOptions,
    transactionalId: string,
    newCluster: typeof createCluster = createCluster,
  ) {
    this.#transactionalId = transactionalId;
    this.#cluster = new GuardedCluster(() => newCluster(options, requestTimeoutMs), requestTimeoutMs);
  }

  /** Asks the coordinator, which is found when it is not known. */
  async ask<T>(what: string, request: WireExchange<T>): Promise<T> {
    await this.#cluster.connect();
    return await this.#cluster.run(what, async (present) => {
      if (this.#coordinator?.of !== present) {
        const node = await present.findGroupCoordinator({
          groupId: this.#transactionalId,
          coordinatorType: transactionCoordinator,
        });
        refuseOld(node);
        this.#coordinator = { node, of: present };
      }
      return await exchange(this.#coordinator.node, request);
    });
  }

  /** Sends to the leader of partitions. */
  async send<T>(nodeId: number, request: WireExchange<T>): Promise<T> {
    return await this.#cluster.run('a produce request', async (present) =>
      exchange(await present.findBroker({ nodeId }), request),
    );
  }

  /** The node that leads a partition; asks for the topic when it is new. */
  async leaderOf({ topic, partition }: Place): Promise<number> {
    if (!this.#topics.has(topic)) {
      await this.#cluster.know([topic]);
      this.#topics.add(topic);
    }
    const leader = this.#cluster.leaderOf(topic, partition);
    if (leader >= 0) return leader;
    throw new HighwayError('ZT-HIGHWAY-AWAY', `${topic}/${partition} has no leader`, {
      details: { topic, partition },
    });
  }

  /** After an error: finds coordinator and leaders again. Its own failure shows in what is tried next. */
  async renew(): Promise<void> {
    this.#coordinator = null;
    await this.#cluster.revive([...this.#topics]).catch((error: unknown) => translate(error, 'metadata'));
  }

  async close(): Promise<void> {
    await this.#cluster.disconnect().catch(() => undefined);
  }
}
