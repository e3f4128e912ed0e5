import type { InternalTopic } from '../log-port.ts';
import type { AnyTopic, Application, Topology } from './types.ts';

/** The topic's name in the log: internal ones bear their application's name. */
export function topicName(application: string, topic: AnyTopic): string {
  return topic.internal === undefined ? topic.name : `${application}.${topic.name}`;
}

export function positionTopic(application: string): string {
  return `${application}.position`;
}

export function changelogTopic(application: string, topology: string, store: string): string {
  return `${application}.${topology}.${store}.changelog`;
}

/** A store of a task: where it lies on this machine and in the log. */
export interface StoreLayout {
  readonly topology: string;
  /** Its name in the local state. */
  readonly store: string;
  readonly changelog: string;
  readonly kind: 'keyed' | 'window' | 'timers';
  /** For windows; 0 else. */
  readonly retentionMs: number;
  readonly segmentMs: number;
}

export function timersStore(topology: string): string {
  return `${topology}.timers`;
}

/** The timers in the order of their times: derived from the index, so it has no changelog of its own. */
export function timersByDueStore(topology: string): string {
  return `${topology}.timers-due`;
}

/** All stores of an application's task, timers included, each once. */
export function storeLayouts(application: Application): readonly StoreLayout[] {
  return application.topologies.flatMap((each) => [...topologyStores(application.name, each)]);
}

function* topologyStores(application: string, { name: topology, parts }: Topology): Generator<StoreLayout> {
  for (const store of new Set(parts.flatMap((part) => part.stores ?? []))) {
    yield {
      topology,
      store: `${topology}.${store.name}`,
      changelog: changelogTopic(application, topology, store.name),
      kind: store.kind,
      retentionMs: store.kind === 'window' ? store.retentionMs : 0,
      segmentMs: store.kind === 'window' ? store.segmentMs : 0,
    };
  }
  if (parts.some((part) => part.timers?.length)) {
    const changelog = changelogTopic(application, topology, 'timers');
    const store = timersStore(topology);
    yield { topology, store, changelog, kind: 'timers', retentionMs: 0, segmentMs: 0 };
  }
}

/** The log's names of all inputs, each once. */
export function inputTopics(application: Application): readonly string[] {
  const topics = application.topologies.flatMap((each) => each.parts).flatMap((part) => part.inputs ?? []);
  return [...new Set(topics.map((input) => topicName(application.name, input.topic)))];
}

/**
 * How long an application may stand still, or hear nothing, and find its windows in the log. Windows are counted in
 * stream time, which stands still with it; the log deletes by the clock. Longer than the three days for which what
 * comes in is kept, or repeats that were accepted before a long weekend would pass behind it.
 */
const outageMs = 4 * 24 * 60 * 60 * 1000;
/** One record that is overwritten with each commit: what is not compacted yet is read when a task is opened. */
const positionSegmentBytes = 1024 * 1024;

/**
 * The topics that the engine keeps for an application. Each has `partitions` partitions, as its inputs have.
 *
 * @param deleteRetentionMs how long deletes must stay in compacted ones; left out: as long as the log thinks right.
 */
export function internalTopics(
  application: Application,
  partitions: number,
  deleteRetentionMs?: number,
): readonly InternalTopic[] {
  const compacted = {
    partitions,
    cleanup: 'compact',
    retentionMs: null,
    ...(deleteRetentionMs === undefined ? {} : { deleteRetentionMs }),
  } as const;
  const position: InternalTopic = {
    ...compacted,
    name: positionTopic(application.name),
    segmentBytes: positionSegmentBytes,
  };
  const changelogs = storeLayouts(application).map(
    ({ changelog: name, kind, retentionMs, segmentMs }): InternalTopic =>
      kind === 'window'
        ? { ...compacted, name, cleanup: 'compact,delete', retentionMs: retentionMs + segmentMs + outageMs }
        : { ...compacted, name },
  );
  return [position, ...changelogs, ...rekeyed(application, partitions)];
}

function rekeyed(application: Application, partitions: number): readonly InternalTopic[] {
  const found = new Map<string, InternalTopic>();
  for (const topic of application.topologies
    .flatMap((each) => each.parts)
    .flatMap((part) => part.outputs ?? [])) {
    if (topic.internal === undefined) continue;
    const name = topicName(application.name, topic);
    const count = topic.partitions === 'P' ? partitions : topic.partitions;
    found.set(name, { name, partitions: count, cleanup: 'delete', retentionMs: topic.internal.retentionMs });
  }
  return [...found.values()];
}
