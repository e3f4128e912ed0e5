import type { ClosableAdmin } from '../admin.ts';
import type { KafkaClientOptions } from '../kafka-client.ts';
import { partitionOf } from '../murmur2.ts';
import type { Membership } from '../partition-owner.ts';
import type { OwnerOptions, PartitionOwner } from '../subscription-types.ts';
import { KafkaLogReader } from './log-reader.ts';
import { createTaskGroup } from './task-group.ts';
import { TransactionLink } from './transaction-link.ts';
import { KafkaTransactionalProducer } from './transactional-producer.ts';
import type { StreamLog } from './types.ts';

interface StreamLogParts {
  readonly client: KafkaClientOptions;
  readonly admin: Pick<ClosableAdmin, 'ensureInternalTopics' | 'partitionCounts' | 'lag'>;
  ownPartitions(options: OwnerOptions, membership: Membership): PartitionOwner;
}

/** Builds the log of a stream engine. Nothing is contacted before the first call that needs it. */
export function createStreamLog({ client, admin, ownPartitions }: StreamLogParts): StreamLog {
  return {
    partitionOf,
    partitionCounts: (topics) => admin.partitionCounts(topics),
    ensureTopics: (topics) => admin.ensureInternalTopics(topics),
    createReader: () => new KafkaLogReader(client),
    createProducer: (transactionalId) =>
      new KafkaTransactionalProducer(transactionalId, new TransactionLink(client, transactionalId)),
    createGroup: (options) => createTaskGroup(options, ownPartitions),
    lag: (groupId, topic) => admin.lag(groupId, topic),
  };
}
