import type { Logger } from '@zhongtai/runtime';
import kafkajs, { type Kafka, type Admin as KafkajsAdmin } from 'kafkajs';
import { translate } from './broker-errors.ts';
import type { TopicRef } from './catalogue.ts';
import { HighwayError } from './errors.ts';
import type { Admin, PartitionEnds } from './highway-types.ts';

const dayMs = 24 * 60 * 60 * 1000;
/** Deletes stay visible this long in compacted topics; a local copy older than half of it is rebuilt. */
const deleteRetentionMs = 7 * dayMs;

interface AdminParts {
  readonly kafka: Kafka;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly logger: Logger;
}

export interface ClosableAdmin extends Admin {
  close(): Promise<void>;
}

export function createAdmin(parts: AdminParts): ClosableAdmin {
  let connected: Promise<KafkajsAdmin> | null = null;

  const connect = async () => {
    const admin = parts.kafka.admin();
    await admin.connect();
    return admin;
  };

  /** Runs with a connected client; after an error the next call connects anew. */
  const withAdmin = async <T>(what: string, work: (admin: KafkajsAdmin) => Promise<T>): Promise<T> => {
    try {
      connected ??= connect();
      return await work(await connected);
    } catch (error) {
      const ours = translate(error, what);
      if (ours.code === 'ZT-HIGHWAY-AWAY') await drop();
      throw ours;
    }
  };

  const drop = async () => {
    const was = connected;
    connected = null;
    await was?.then((admin) => admin.disconnect()).catch(() => undefined);
  };

  const endsOf = (admin: KafkajsAdmin, topic: string) =>
    admin.fetchTopicOffsets(topic).then((rows) =>
      rows
        .map((row): PartitionEnds => {
          return { partition: row.partition, earliest: Number(row.low), end: Number(row.high) };
        })
        .sort((a, b) => a.partition - b.partition),
    );

  return {
    ensureTopics: (topics) => withAdmin('ensure topics', (admin) => ensureTopics(admin, topics, parts)),
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
      await withAdmin(`delete group ${groupId}`, (admin) => admin.deleteGroups([groupId]));
    },
    ping: () =>
      withAdmin('ping', (admin) => admin.describeCluster()).then(
        () => true,
        () => false,
      ),
    close: drop,
  };
}

async function ensureTopics(
  admin: KafkajsAdmin,
  topics: readonly TopicRef[],
  parts: AdminParts,
): Promise<void> {
  const wanted = new Map(topics.map((topic) => [topic.name, topic]));
  const existing = new Set(await admin.listTopics());
  const missing = [...wanted.values()].filter((topic) => !existing.has(topic.name));
  if (missing.length > 0) {
    await create(admin, missing, parts);
  }
  const { topics: found } = await admin.fetchTopicMetadata({ topics: [...wanted.keys()] });
  for (const { name, partitions } of found) {
    const topic = wanted.get(name);
    const count = topic === undefined ? partitions.length : partitionsOf(topic, parts);
    if (partitions.length !== count) throw differing(name, partitions.length, count);
  }
  await compareKeeping(
    admin,
    topics.filter(({ name }) => existing.has(name)),
    parts.logger,
  );
}

/**
 * A table that is deleted by age loses values that are still true, and a stream that is compacted loses events:
 * both are refused. Another retention is somebody's decision about disk or law, so it is named and left alone.
 */
async function compareKeeping(
  admin: KafkajsAdmin,
  topics: readonly TopicRef[],
  logger: Logger,
): Promise<void> {
  if (topics.length === 0) return;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map(({ name }) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: ['cleanup.policy', 'retention.ms'],
    })),
  });
  for (const topic of topics) {
    const entries = resources.find(({ resourceName }) => resourceName === topic.name)?.configEntries ?? [];
    const found = new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
    const wanted = keepingOf(topic);
    const policy = found.get('cleanup.policy');
    if (policy !== wanted['cleanup.policy']) throw otherPolicy(topic.name, policy, wanted['cleanup.policy']);
    const retentionMs = Number(found.get('retention.ms'));
    if (topic.retentionMs !== null && retentionMs !== topic.retentionMs) {
      const fields = { topic: topic.name, retentionMs, wantedMs: topic.retentionMs };
      logger.warn(fields, 'topic is kept for another time than the catalogue says');
    }
  }
}

async function create(admin: KafkajsAdmin, missing: readonly TopicRef[], parts: AdminParts): Promise<void> {
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map((topic) => ({
        topic: topic.name,
        numPartitions: partitionsOf(topic, parts),
        replicationFactor: parts.replicationFactor,
        configEntries: configOf(topic, parts.replicationFactor),
      })),
    });
  } catch (error) {
    // Another process of ours may create the same topics at the same moment; the check that follows decides.
    if (!everyTopicExists(error)) throw error;
  }
}

function everyTopicExists(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('type' in error) return error.type === 'TOPIC_ALREADY_EXISTS';
  return 'errors' in error && Array.isArray(error.errors) && error.errors.every(everyTopicExists);
}

function partitionsOf(topic: TopicRef, parts: AdminParts): number {
  return topic.partitions === 'P' ? parts.partitions : topic.partitions;
}

function keepingOf({ retentionMs }: TopicRef) {
  return retentionMs === null
    ? { 'cleanup.policy': 'compact', 'delete.retention.ms': deleteRetentionMs }
    : { 'cleanup.policy': 'delete', 'retention.ms': retentionMs };
}

function configOf(topic: TopicRef, replicationFactor: number): { name: string; value: string }[] {
  const minInSync = replicationFactor > 2 ? 2 : 1;
  return Object.entries({ ...keepingOf(topic), 'min.insync.replicas': minInSync }).map(([name, value]) => ({
    name,
    value: String(value),
  }));
}

function otherPolicy(topic: string, found: string | undefined, wanted: string): HighwayError {
  const loss = wanted === 'compact' ? 'values that are still true' : 'events';
  return new HighwayError(
    'ZT-HIGHWAY-POLICY',
    `topic ${topic} has cleanup.policy=${found}, the catalogue says ${wanted}: it would lose ${loss}. ` +
      `Set cleanup.policy=${wanted} on the topic (kafka-configs.sh --alter) and look for what is lost already`,
    { details: { topic, found, wanted } },
  );
}

function differing(topic: string, found: number, wanted: number): HighwayError {
  return new HighwayError(
    'ZT-HIGHWAY-PARTITIONS',
    `topic ${topic} has ${found} partitions, the configuration says ${wanted}: keys would change their partitions. ` +
      `Start with PARTITIONS=${found}, or move the records to a new topic with ${wanted} partitions`,
    { details: { topic, found, wanted } },
  );
}
