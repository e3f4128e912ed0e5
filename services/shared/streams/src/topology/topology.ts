import { StreamsError } from '../errors.ts';
import type { Application, Part, Topology } from './types.ts';

export interface TopologyOptions {
  readonly order: Topology['order'];
  /** Left out: `earliest`. */
  readonly start?: Topology['start'];
  /** Left out: on when a part asks for time. */
  readonly byTime?: boolean;
  /** Left out: 15 s. Null switches idle time off. */
  readonly idleMs?: number | null;
  readonly parts: readonly Part[];
}

/** Above a session's time-out and a warm restore, so that a restart upstream fires no timer early. */
const DEFAULT_IDLE_MS = 15_000;
const NAME = /^[a-z][a-z0-9-]*$/;
const RESERVED_STORES = ['timers', 'timers-due'];

/**
 * A topology as a value.
 *
 * @throws StreamsError (fatal) when two of its names clash, or a name cannot be part of a topic's name.
 */
export function topology(name: string, options: TopologyOptions): Topology {
  const { order, start = 'earliest', idleMs = DEFAULT_IDLE_MS, parts } = options;
  requireName('topology', name, `topology "${name}"`);
  requireOneOwner(name, 'part', parts, (part) => [part]);
  requireOneOwner(name, 'store', parts, (part) => part.stores ?? []);
  requireOneOwner(name, 'global table', parts, (part) => part.globals ?? []);
  requireOneOwner(name, 'timer', parts, (part) => part.timers ?? []);
  for (const part of parts) requireStoreNames(name, part);
  if (!parts.some((part) => part.inputs?.length)) {
    throw invalid(`topology "${name}" has no input`);
  }
  return { name, order, start, byTime: options.byTime ?? parts.some(asksForTime), idleMs, parts };
}

/** Whether a part's results depend on stream time. */
export function asksForTime(part: Part): boolean {
  return part.byTime ?? (Boolean(part.timers?.length) || Boolean(part.stores?.some(isWindow)));
}

/**
 * The parts whose inputs move the topology's stream time and are taken by it: those that ask for time; all, when
 * only the topology itself asks. A stage that merely gives records another key must not run ahead with the time
 * of the windows behind it.
 */
export function timeParts({ parts, byTime }: Topology): readonly Part[] {
  const asking = parts.filter(asksForTime);
  if (asking.length === 0) return byTime ? parts : [];
  // Windows that are fed by another part's handler have no inputs of their own: then any input may feed them.
  return asking.some((part) => part.inputs?.length) ? asking : parts;
}

/**
 * Topologies that are deployed together.
 *
 * @throws StreamsError (fatal) when two of them clash in a name or disagree about a topic.
 */
export function application(name: string, topologies: readonly Topology[]): Application {
  requireName('application', name, `application "${name}"`);
  const names = new Set<string>();
  for (const each of topologies) {
    if (names.has(each.name)) {
      throw invalid(`application "${name}" has two topologies called "${each.name}"`);
    }
    names.add(each.name);
  }
  requireAgreedTopics(topologies);
  requireWrittenInternals(topologies);
  return { name, topologies };
}

function isWindow({ kind }: { readonly kind: string }): boolean {
  return kind === 'window';
}

function requireName(what: string, name: string, where: string): void {
  if (!NAME.test(name)) {
    throw invalid(`${where}: a ${what} is named with small letters, digits and dashes, not "${name}"`);
  }
}

function requireStoreNames(topologyName: string, part: Part): void {
  for (const store of part.stores ?? []) {
    if (RESERVED_STORES.includes(store.name)) {
      throw invalid(
        `topology "${topologyName}", part "${part.name}": "${store.name}" is the engine's own store`,
      );
    }
    if (store.kind === 'window' && !(store.retentionMs > 0 && store.segmentMs > 0)) {
      throw invalid(
        `topology "${topologyName}", store "${store.name}": retention and segment must be above 0`,
      );
    }
  }
}

/** Parts may share a definition; two definitions under one name would share their data. */
function requireOneOwner<T extends { readonly name: string }>(
  topologyName: string,
  what: string,
  parts: readonly Part[],
  of: (part: Part) => readonly T[],
): void {
  const seen = new Map<string, { readonly definition: T; readonly part: string }>();
  for (const part of parts) {
    for (const definition of of(part)) {
      requireName(what, definition.name, `topology "${topologyName}", part "${part.name}"`);
      const earlier = seen.get(definition.name);
      if (earlier !== undefined && (earlier.definition !== definition || what === 'part')) {
        const both = `of part "${earlier.part}" and of part "${part.name}"`;
        throw invalid(`topology "${topologyName}": two ${what}s are called "${definition.name}", ${both}`);
      }
      seen.set(definition.name, { definition, part: part.name });
    }
  }
}

interface TopicUse {
  readonly topology: string;
  readonly serde: string;
  readonly partitions: 'P' | number;
}

function requireAgreedTopics(topologies: readonly Topology[]): void {
  const uses = new Map<string, TopicUse>();
  for (const { name, parts } of topologies) {
    for (const topic of parts.flatMap((part) => part.inputs ?? []).map((input) => input.topic)) {
      const use = { topology: name, serde: topic.serde.name, partitions: topic.partitions };
      const earlier = uses.get(topic.name);
      if (earlier !== undefined && earlier.serde !== use.serde) {
        throw invalid(
          `topic "${topic.name}" is read as "${earlier.serde}" by topology "${earlier.topology}" and as "${use.serde}" by "${name}"`,
        );
      }
      if (earlier !== undefined && earlier.partitions !== use.partitions) {
        throw invalid(
          `topic "${topic.name}" has ${earlier.partitions} partitions for topology "${earlier.topology}" and ${use.partitions} for "${name}"`,
        );
      }
      uses.set(topic.name, use);
    }
  }
}

function requireWrittenInternals(topologies: readonly Topology[]): void {
  const parts = topologies.flatMap((each) => each.parts);
  const written = new Map(
    parts.flatMap((part) => part.outputs ?? []).map((topic) => [topic.name, topic.serde.name]),
  );
  for (const { name, parts: own } of topologies) {
    for (const { topic } of own.flatMap((part) => part.inputs ?? [])) {
      if (topic.internal === undefined) continue;
      requireName('internal topic', topic.name, `topology "${name}"`);
      if (topic.name === 'position')
        throw invalid(`topology "${name}": "position" is the engine's own topic`);
      const writer = written.get(topic.name);
      if (writer === undefined) {
        throw invalid(`topology "${name}" reads the internal topic "${topic.name}", but no part writes it`);
      }
      if (writer !== topic.serde.name) {
        throw invalid(
          `internal topic "${topic.name}" is written as "${writer}" and read as "${topic.serde.name}"`,
        );
      }
    }
  }
}

function invalid(message: string): StreamsError {
  return new StreamsError('ZT-STREAMS-TOPOLOGY', message);
}
