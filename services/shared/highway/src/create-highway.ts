import * as catalogue from '@zhongtai/schemas';
import { createAdmin } from './admin.ts';
import type { Contract, RecordRef, TopicRef } from './catalogue.ts';
import { AvroCodec } from './codec.ts';
import { createDeadLetters } from './dead-letters.ts';
import { HighwayError } from './errors.ts';
import type { Highway, HighwayOptions } from './highway-types.ts';
import { createKafka } from './kafka-client.ts';
import { createHighwayMetrics } from './metrics.ts';
import { KafkaPartitionOwner, type Membership } from './partition-owner.ts';
import { KafkaPublisher } from './publisher.ts';
import type { Publisher, PublisherLimits } from './publisher-types.ts';
import { createRegistryClient } from './registry-client.ts';
import { createStreamLog } from './stream-log/create-stream-log.ts';
import { createSubscription } from './subscription.ts';
import type { OwnerOptions, SubscribeOptions } from './subscription-types.ts';

/** Builds the highway's client. Nothing is contacted before the first call that needs it. */
export function createHighway(options: HighwayOptions): Highway {
  const { brokers, clientId, logger, security } = options;
  const clock = options.clock ?? Date.now;
  const contract = options.contract ?? defaultContract();
  const metrics = createHighwayMetrics(options.metrics);
  const client = { brokers, clientId, logger, ...(security === undefined ? {} : { security }) };
  const admin = createAdmin({
    kafka: createKafka(client),
    partitions: options.partitions,
    replicationFactor: options.replicationFactor ?? 1,
    logger,
  });
  const codec = new AvroCodec(createRegistryClient(options.registryUrl), contract, metrics, clock);
  const createPublisher = (limits?: PublisherLimits) =>
    new KafkaPublisher({ ...client, metrics, clock }, limits);

  const ownPartitions = (owning: OwnerOptions, membership?: Membership) =>
    new KafkaPartitionOwner(
      { ...client, metrics, clock, ...(membership === undefined ? {} : { membership }) },
      owning,
    );

  let letterPublisher: Promise<Publisher> | null = null;
  const startedLetterPublisher = async () => {
    const publisher = createPublisher();
    await publisher.start();
    return publisher;
  };
  const deadLetters = createDeadLetters({
    topic: contract.deadLetterTopic,
    ensureTopic: () => admin.ensureTopics([contract.deadLetterTopic]),
    sourceOf: (topic) => contract.sourceOf?.(topic) ?? null,
    codec,
    publisher: () => (letterPublisher ??= startedLetterPublisher()),
    metrics,
    clock,
    seal: options.seal,
  });

  return {
    codec,
    admin,
    deadLetters,
    createPublisher,
    message: <T>(topic: TopicRef, record: RecordRef<T>, event: T, timestampMs: number) => ({
      topic: topic.name,
      key: record.key(event),
      value: codec.encode(topic.name, record.name, event),
      timestampMs,
    }),
    subscribe: <T>(subscribing: SubscribeOptions<T>) =>
      createSubscription({ codec, deadLetters, logger, ownPartitions }, subscribing),
    ownPartitions: (owning) => ownPartitions(owning),
    createStreamLog: () => createStreamLog({ client, admin, ownPartitions }),
    async close() {
      await letterPublisher?.then((publisher) => publisher.stop());
      await admin.close();
    },
  };
}

function defaultContract(): Contract {
  const deadLetterTopic = catalogue.topics['dead-letter'];
  if (deadLetterTopic === undefined) {
    throw new HighwayError('ZT-HIGHWAY-NO-TOPIC', 'the catalogue has no topic dead-letter');
  }
  return {
    schemaText: catalogue.schemaText,
    subjectOf(topic, record) {
      const known = catalogue.topics[topic.name];
      const entry = known?.records.find(({ name }) => name === record.name);
      if (known === undefined || entry === undefined) {
        throw new HighwayError(
          'ZT-HIGHWAY-NOT-PREPARED',
          `${record.name} on ${topic.name} is not in the catalogue`,
        );
      }
      return catalogue.subjectOf(known, entry);
    },
    sourceOf: (topic) => catalogue.topics[topic]?.source ?? null,
    deadLetterTopic,
  };
}
