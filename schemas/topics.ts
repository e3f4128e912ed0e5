import type { Leg, RecordEntry, Source, Topic } from './catalogue.ts';
import { entranceTopics } from './entrance-topics.ts';
import { highwayTopics } from './highway-topics.ts';
import { platformTopics, referenceTopics } from './table-topics.ts';

/**
 * The one catalogue of topics, by name. Topic creation, subjects, tables in the warehouse, types, samples
 * and documents all come from here.
 */
export const topics: Readonly<Record<string, Topic>> = Object.fromEntries(
  [...highwayTopics, ...entranceTopics, ...referenceTopics, ...platformTopics].map((topic) => [
    topic.name,
    topic,
  ]),
);

const events = new Map<string, { readonly topic: Topic; readonly record: RecordEntry }>();
const byName = new Map<string, { readonly topic: Topic; readonly record: RecordEntry }>();
for (const topic of Object.values(topics)) {
  if (topic.leg !== null && topic.leg !== 'highway') continue;
  for (const record of topic.records) {
    if (record.eventType !== '') events.set(record.eventType, { topic, record });
    byName.set(record.name, { topic, record });
  }
}

/** Highway topic and record of an event type; undefined when there is no such type. */
export function recordOf(
  eventType: string,
): { readonly topic: Topic; readonly record: RecordEntry } | undefined {
  return events.get(eventType);
}

/** Topic and record of a full Avro name; undefined when the catalogue has none. */
export function recordNamed(
  name: string,
): { readonly topic: Topic; readonly record: RecordEntry } | undefined {
  return byName.get(name);
}

/** The topics of one leg of the way, in the order of the sources. */
export function topicsOf(leg: Leg): readonly (Topic & { readonly source: Source })[] {
  return Object.values(topics).filter(
    (topic): topic is Topic & { readonly source: Source } => topic.leg === leg && topic.source !== null,
  );
}

/** Subject in the schema registry: by record where a topic carries several, else the topic's value. */
export function subjectOf(topic: Topic, record: RecordEntry): string {
  return topic.source === null && topic.records.length === 1
    ? `${topic.name}-value`
    : `${topic.name}-${record.name}`;
}
