import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@zhongtai/runtime';
import kafkajs, { type Admin as KafkajsAdmin } from 'kafkajs';
import { typeOfError } from './broker-errors.ts';
import { HighwayError } from './errors.ts';
import type { InternalTopic } from './stream-log/types.ts';

const dayMs = 24 * 60 * 60 * 1000;
/** Deletes stay visible this long in compacted topics; a local copy older than half of it is rebuilt. */
const defaultDeleteRetentionMs = 7 * dayMs;
/** The segment that is written to is never compacted, and a restore reads all of it. */
const compactedSegmentBytes = 32 * 1024 * 1024;

const knownAgainMs = 200;
const knownWithinAttempts = 50;

/** A topic as it has to be. */
export interface WantedTopic extends InternalTopic {
  /** Whose clock stamps the records; left out: the sender's. */
  readonly timestamps?: 'sender' | 'broker';
}

interface EnsureParts {
  readonly replicationFactor: number;
  readonly logger: Logger;
}

/** Creates what is missing; refuses what differs. */
export async function ensureTopics(
  admin: KafkajsAdmin,
  topics: readonly WantedTopic[],
  parts: EnsureParts,
): Promise<void> {
  if (topics.length === 0) return;
  const wanted = new Map(topics.map((topic) => [topic.name, topic]));
  const existing = new Set(await admin.listTopics());
  const missing = [...wanted.values()].filter((topic) => !existing.has(topic.name));
  if (missing.length > 0) {
    await create(admin, missing, parts);
  }
  for (const { name, partitions } of await metadataOf(admin, [...wanted.keys()])) {
    const topic = wanted.get(name);
    const count = topic?.partitions ?? partitions.length;
    if (partitions.length !== count) throw differing(name, partitions.length, count);
  }
  await compareKeeping(
    admin,
    topics.filter(({ name }) => existing.has(name)),
    parts.logger,
  );
}

/** The broker that answers may hear of new topics a moment after the controller has made them. */
async function metadataOf(admin: KafkajsAdmin, topics: string[]): Promise<kafkajs.ITopicMetadata[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await admin.fetchTopicMetadata({ topics })).topics;
    } catch (error) {
      if (typeOfError(error) !== 'UNKNOWN_TOPIC_OR_PARTITION' || attempt === knownWithinAttempts) throw error;
      await sleep(knownAgainMs);
    }
  }
}

/**
 * A table that is deleted by age loses values that are still true, a stream that is compacted loses events, a table
 * that forgets its deletes too soon brings erased values back in local copies: all are refused. Another retention is
 * somebody's decision about disk or law, or comes with a window that was changed, so it is named and left alone.
 */
async function compareKeeping(
  admin: KafkajsAdmin,
  topics: readonly WantedTopic[],
  logger: Logger,
): Promise<void> {
  if (topics.length === 0) return;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map(({ name }) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: ['cleanup.policy', 'retention.ms', 'delete.retention.ms', 'message.timestamp.type'],
    })),
  });
  for (const topic of topics) {
    const entries = resources.find(({ resourceName }) => resourceName === topic.name)?.configEntries ?? [];
    const found = new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
    const policy = found.get('cleanup.policy');
    if (!samePolicy(policy, topic.cleanup)) throw otherPolicy(topic.name, policy, topic.cleanup);
    const stamps = found.get('message.timestamp.type');
    if (stamps !== stampsOf(topic)) {
      const fields = { topic: topic.name, stamps, wanted: stampsOf(topic) };
      logger.warn(fields, 'records of the topic are stamped by another clock than the catalogue says');
    }
    if (isCompacted(topic)) requireDeletesKept(topic, Number(found.get('delete.retention.ms')));
    const retentionMs = Number(found.get('retention.ms'));
    if (topic.retentionMs !== null && retentionMs !== topic.retentionMs) {
      const fields = { topic: topic.name, retentionMs, wantedMs: topic.retentionMs };
      logger.warn(fields, 'topic is kept for another time than the catalogue says');
    }
  }
}

async function create(
  admin: KafkajsAdmin,
  missing: readonly WantedTopic[],
  parts: EnsureParts,
): Promise<void> {
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map((topic) => ({
        topic: topic.name,
        numPartitions: topic.partitions,
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

function stampsOf({ timestamps }: WantedTopic): string {
  return timestamps === 'broker' ? 'LogAppendTime' : 'CreateTime';
}

function configOf(topic: WantedTopic, replicationFactor: number): { name: string; value: string }[] {
  const { cleanup, retentionMs, segmentBytes } = topic;
  const config = {
    'cleanup.policy': cleanup,
    'message.timestamp.type': stampsOf(topic),
    'min.insync.replicas': replicationFactor > 2 ? 2 : 1,
    ...(retentionMs === null ? {} : { 'retention.ms': retentionMs }),
    ...(isCompacted(topic) ? { 'delete.retention.ms': deletesKeptMs(topic) } : {}),
    ...(isCompacted(topic) || segmentBytes !== undefined
      ? { 'segment.bytes': segmentBytes ?? compactedSegmentBytes }
      : {}),
  };
  return Object.entries(config).map(([name, value]) => ({ name, value: String(value) }));
}

function deletesKeptMs(topic: WantedTopic): number {
  return topic.deleteRetentionMs ?? defaultDeleteRetentionMs;
}

/** Longer does no harm. */
function requireDeletesKept(topic: WantedTopic, foundMs: number): void {
  const { name } = topic;
  const setting = 'delete.retention.ms';
  const wantedMs = deletesKeptMs(topic);
  if (foundMs >= wantedMs) return;
  throw new HighwayError(
    'ZT-HIGHWAY-POLICY',
    `topic ${name} has ${setting}=${foundMs}, at least ${wantedMs} is needed: what is deleted sooner is missed by ` +
      `who reads it later. Set ${setting}=${wantedMs} on the topic (kafka-configs.sh --alter) and start again`,
    { details: { topic: name, setting, found: foundMs, wanted: wantedMs } },
  );
}

function isCompacted({ cleanup }: WantedTopic): boolean {
  return cleanup !== 'delete';
}

/** The broker may name its parts in another order. */
function samePolicy(found: string | undefined, wanted: string): boolean {
  return found?.split(',').sort().join() === wanted.split(',').sort().join();
}

function otherPolicy(topic: string, found: string | undefined, wanted: string): HighwayError {
  const loss = wanted === 'delete' ? 'events' : 'values that are still true';
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
