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

/** The topics that the engine keeps for an application. Each has `partitions` partitions, as its inputs have. */
export function internalTopics(application: Application, partitions: number): readonly InternalTopic[] {
  const position: InternalTopic = {
    name: positionTopic(application.name),
    partitions,
    cleanup: 'compact',
    retentionMs: null,
  };
  const changelogs = storeLayouts(application).map(
    ({ changelog, kind, retentionMs, segmentMs }): InternalTopic =>
      kind === 'window'
        ? { name: changelog, partitions, cleanup: 'compact,delete', retentionMs: retentionMs + segmentMs }
        : { name: changelog, partitions, cleanup: 'compact', retentionMs: null },
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
