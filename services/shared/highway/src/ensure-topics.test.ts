import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@zhongtai/runtime';
import type { Admin } from 'kafkajs';
import { ensureTopics, type WantedTopic } from './ensure-topics.ts';

const dayMs = 24 * 60 * 60 * 1000;
const table: WantedTopic = { name: 'customers', partitions: 2, cleanup: 'compact', retentionMs: null };

/** A broker that has the one topic with these settings, or none; answers what was created. */
async function ensure(
  topic: WantedTopic,
  settings: Readonly<Record<string, number>> | null,
  /** How often the broker says that it does not know the topic. */
  unheard = 0,
) {
  let left = unheard;
  const created: Record<string, string>[] = [];
  const config = { 'cleanup.policy': topic.cleanup, 'message.timestamp.type': 'CreateTime', ...settings };
  const admin: Partial<Admin> = {
    listTopics: async () => (settings === null ? [] : [topic.name]),
    async createTopics({ topics }) {
      for (const { configEntries = [] } of topics)
        created.push(Object.fromEntries(configEntries.map(({ name, value }) => [name, value])));
      return true;
    },
    async fetchTopicMetadata() {
      if (left-- > 0) throw Object.assign(new Error('unknown'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' });
      return {
        topics: [{ name: topic.name, partitions: [0, 1].map((partitionId) => ({ partitionId }) as never) }],
      };
    },
    describeConfigs: async () =>
      ({
        resources: [
          {
            resourceName: topic.name,
            configEntries: Object.entries(config).map(([configName, value]) => ({
              configName,
              configValue: String(value),
            })),
          },
        ],
      }) as never,
  };
  const logger = createLogger({ name: 'test', level: 'silent' });
  await ensureTopics(admin as Admin, [topic], { replicationFactor: 1, logger });
  return created;
}

// The bug: on a busy machine the start of a service failed for topics that it had made itself.
it('waits for a broker that hears of a new topic a moment after the controller', async () => {
  expect(await ensure(table, null, 2)).toHaveLength(1);
});

describe('a compacted topic', () => {
  it.each([
    [undefined, 7],
    [9, 9],
  ])('is made with deletes kept for as long as is asked (%p days), or a week', async (asked, kept) => {
    const topic = asked === undefined ? table : { ...table, deleteRetentionMs: asked * dayMs };
    const [created] = await ensure(topic, null);
    expect(created).toMatchObject({ 'delete.retention.ms': String(kept * dayMs) });
  });

  it('that forgets its deletes sooner is refused, for copies would bring them back', async () => {
    await expect(ensure(table, { 'delete.retention.ms': dayMs })).rejects.toMatchObject({
      code: 'ZT-HIGHWAY-POLICY',
      details: { setting: 'delete.retention.ms', found: dayMs, wanted: 7 * dayMs },
    });
    await ensure(table, { 'delete.retention.ms': 8 * dayMs });
    await ensure({ ...table, deleteRetentionMs: dayMs }, { 'delete.retention.ms': dayMs });
  });
});
