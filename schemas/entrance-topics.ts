import type { Topic } from './catalogue.ts';
import { highwayTopics } from './highway-topics.ts';

/**
 * The way to the highway is kept for three days: the highway has the same events for two weeks, but a factory that
 * stands still over a long weekend must find on Monday all that was accepted meanwhile. Not longer, for `direct.*`
 * holds identifiers in clear.
 */
const entranceRetentionMs = 3 * 24 * 60 * 60 * 1000;

/** What publishers with a Kafka client of their own send: clear identifiers, any key. Read by `admit` alone. */
const directTopics = highwayTopics.map(
  (topic): Topic => ({
    ...topic,
    name: `direct.${topic.source}`,
    leg: 'direct',
    retentionMs: entranceRetentionMs,
    timestamps: 'broker',
    label: { zh: `${topic.label.zh} 直送`, en: `${topic.label.en}, direct` },
  }),
);

/** Checked, tokenised and keyed as on the highway; an event may be here more than once. */
const inboundTopics = highwayTopics.map(
  (topic): Topic => ({
    ...topic,
    name: `inbound.${topic.source}`,
    leg: 'inbound',
    retentionMs: entranceRetentionMs,
    label: { zh: `${topic.label.zh} 入站`, en: `${topic.label.en}, inbound` },
  }),
);

/** Where events wait to be admitted: `direct.<source>` and `inbound.<source>`, with the highway's records and keys. */
export const entranceTopics: readonly Topic[] = [...directTopics, ...inboundTopics];
