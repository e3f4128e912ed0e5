import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@zhongtai/runtime';
import kafkajs, { type Kafka, type Admin as KafkajsAdmin } from 'kafkajs';
import { translate } from './broker-errors.ts';
import type { TopicRef } from './catalogue.ts';
import { ensureTopics, type WantedTopic } from './ensure-topics.ts';
import { HighwayError } from './errors.ts';
import type { Admin, PartitionEnds } from './highway-types.ts';
import type { InternalTopic } from './stream-log/types.ts';

const closeWithinMs = 2000;

interface AdminParts {
  readonly kafka: Kafka;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly logger: Logger;
}

export interface ClosableAdmin extends Admin {
  /** As `ensureTopics`, for topics that an application keeps for itself. */
  ensureInternalTopics(topics: readonly InternalTopic[]): Promise<void>;
  /** A topic that does not exist is missing from the answer. */
  partitionCounts(topics: readonly string[]): Promise<Map<string, number>>;
  close(): Promise<void>;
}

export function createAdmin(parts: AdminParts): ClosableAdmin {
  let connected: Promise<KafkajsAdmin> | null = null;

  const connect = async () => {
    const admin = parts.kafka.admin();
    await admin.connect();
    return admin;
  };

  /** Runs with a connected client; after an error of its own the next call connects anew. */
  const withAdmin = async <T>(what: string, work: (admin: KafkajsAdmin) => Promise<T>): Promise<T> => {
    connected ??= connect();
    const client = connected;
    try {
      return await work(await client);
    } catch (error) {
      const ours = translate(error, what);
      if (!isOfClient(ours)) throw ours;
      // Another call may have closed it under this one: then it is away, whatever kafkajs makes of that.
      const wasClosed = connected !== client;
      if (!wasClosed) await drop();
      throw wasClosed ? new HighwayError('ZT-HIGHWAY-AWAY', ours.message, { cause: error }) : ours;
    }
  };

  const drop = async () => {
    const was = connected;
    connected = null;
    await was?.then((admin) => admin.disconnect()).catch(() => undefined);
  };

  /** Does not wait for a client that is still connecting to something that never answers. */
  const close = async () => {
    await Promise.race([drop(), sleep(closeWithinMs, undefined, { ref: false })]);
  };

  const ensure = (topics: readonly WantedTopic[]) =>
    withAdmin('ensure topics', (admin) => ensureTopics(admin, topics, parts));

  const endsOf = (admin: KafkajsAdmin, topic: string) =>
    admin.fetchTopicOffsets(topic).then((rows) =>
      rows
        .map((row): PartitionEnds => {
          return { partition: row.partition, earliest: Number(row.low), end: Number(row.high) };
        })
        .sort((a, b) => a.partition - b.partition),
    );

  return {
    ensureTopics: (topics) => ensure(topics.map((topic) => wantedTopic(topic, parts.partitions))),
    ensureInternalTopics: (topics) => ensure(topics),
    partitionCounts: (topics) =>
      withAdmin('partition counts', async (admin) => {
        const existing = new Set(await admin.listTopics());
        const known = topics.filter((topic) => existing.has(topic));
        if (known.length === 0) return new Map();
        const found = await admin.fetchTopicMetadata({ topics: known });
        return new Map(found.topics.map(({ name, partitions }) => [name, partitions.length]));
      }),
    endOffsets: (topic) => withAdmin(`offsets of ${topic}`, (admin) => endsOf(admin, topic)),
    listTopics: () => withAdmin('list topics', (admin) => admin.listTopics()),
    async deleteTopics(names) {
      await withAdmin('delete topics', (admin) => admin.deleteTopics({ topics: [...names] }));
    },
    lag: (groupId, topic) =>
      withAdmin(`lag of ${groupId}`, async (admin) => {
        const [ends, committed] = await Promise.all([
          endsOf(admin, topic),
          admin.fetchOffsets({ groupId, topics: [topic] }),
        ]);
        const rows = committed[0]?.partitions ?? [];
        return ends.reduce((sum, { partition, earliest, end }) => {
          const at = Number(rows.find((row) => row.partition === partition)?.offset ?? -1);
          return sum + end - Math.max(at, earliest);
        }, 0);
      }),
    async deleteGroup(groupId) {
      await withAdmin(`delete group ${groupId}`, async (admin) => {
        try {
          await admin.deleteGroups([groupId]);
        } catch (error) {
          if (!isUnknownGroup(error)) throw error;
        }
      });
    },
    ping: () =>
      withAdmin('ping', (admin) => admin.describeCluster()).then(
        () => true,
        () => false,
      ),
    close,
  };
}

const groupIdNotFound = 69;

/** What is to be deleted is not there. */
function isUnknownGroup(error: unknown): boolean {
  if (!(error instanceof kafkajs.KafkaJSDeleteGroupsError)) return false;
  return error.groups.every(({ errorCode }) => errorCode === groupIdNotFound);
}

/** Not an answer of the broker about what was asked. */
function isOfClient({ code }: HighwayError): boolean {
  return code === 'ZT-HIGHWAY-AWAY' || code === 'ZT-HIGHWAY-UNEXPECTED';
}

function wantedTopic(topic: TopicRef, ofApplication: number): WantedTopic {
  const { name, partitions, retentionMs, timestamps } = topic;
  return {
    name,
    partitions: partitions === 'P' ? ofApplication : partitions,
    cleanup: retentionMs === null ? 'compact' : 'delete',
    retentionMs,
    ...(timestamps === undefined ? {} : { timestamps }),
  };
}
