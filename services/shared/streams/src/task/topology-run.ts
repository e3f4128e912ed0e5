import { topicName } from '../topology/names.ts';
import { timeParts } from '../topology/topology.ts';
import type { GlobalStoreDefinition, StoreDefinition, Topology } from '../topology/types.ts';
import type { Effects } from './effects.ts';
import { GlobalCache } from './global-cache.ts';
import { KeyedBuffer } from './keyed-buffer.ts';
import type { TaskOptions } from './options.ts';
import { TaskContext } from './task-context.ts';
import { Timers } from './timers.ts';
import { WindowBuffer } from './window-buffer.ts';

/** One topology in one task: its time, stores, timers and the context of its handlers. */
export class TopologyRun {
  readonly name: string;
  readonly topology: Topology;
  readonly context: TaskContext;
  readonly keyed: readonly KeyedBuffer<unknown>[];
  readonly windows: readonly WindowBuffer<unknown>[];
  readonly timers: Timers | null;
  streamTimeMs: number;
  ingestTimeMs: number;
  /** Else ingest time is good enough, and no value is decoded for it. */
  readonly goesByEventTime: boolean;
  #heldStreamTimeMs = 0;
  #heldIngestTimeMs = 0;
  /** Records since the observer was told. */
  worked = 0;

  constructor(topology: Topology, options: TaskOptions, effects: Effects) {
    const { name, parts } = topology;
    const { application, state, partition, observe } = options;
    this.name = name;
    this.topology = topology;
    this.goesByEventTime = timeParts(topology).length > 0;
    const time = options.position?.times[name];
    this.streamTimeMs = time?.streamTimeMs ?? 0;
    this.ingestTimeMs = time?.ingestTimeMs ?? 0;
    const stores = new Map<unknown, unknown>();
    for (const definition of unique(parts.flatMap((part) => part.stores ?? []))) {
      stores.set(definition, this.#open(definition, options, effects));
    }
    for (const definition of unique<GlobalStoreDefinition<unknown>>(
      parts.flatMap((part) => part.globals ?? []),
    )) {
      const view = options.globals(topicName(application.name, definition.topic));
      stores.set(definition, new GlobalCache(definition.serde, view));
    }
    this.keyed = [...stores.values()].filter((store) => store instanceof KeyedBuffer);
    this.windows = [...stores.values()].filter((store) => store instanceof WindowBuffer);
    const timers = unique(parts.flatMap((part) => part.timers ?? []));
    this.timers =
      timers.length === 0 ? null : new Timers(name, timers, (store) => state.keyed(store), effects);
    this.context = new TaskContext({
      topology: name,
      partition,
      effects,
      partitionOf: options.partitionOf,
      marksOrigin: topology.order === 'arrival',
      stores,
      outputs: this.#outputs(options),
      time: this,
      timers: this.timers,
      dropped: (reason) => observe?.dropped(name, reason),
    });
  }

  /** A record moves stream time on; one fast clock cannot move it ahead of the log. */
  advanceTo(eventTimeMs: number, ingestTimeMs: number): void {
    const time = Math.min(eventTimeMs, ingestTimeMs);
    if (time <= this.streamTimeMs) return;
    this.streamTimeMs = time;
    this.ingestTimeMs = ingestTimeMs;
  }

  /** A record begins: `resetTime` comes back here. */
  holdTime(): void {
    this.#heldStreamTimeMs = this.streamTimeMs;
    this.#heldIngestTimeMs = this.ingestTimeMs;
  }

  /** What was set aside moves no time. */
  resetTime(): void {
    this.streamTimeMs = this.#heldStreamTimeMs;
    this.ingestTimeMs = this.#heldIngestTimeMs;
  }

  /** Nothing comes: time goes on by as much as the clock has since the last record was taken in. */
  followClock(nowMs: number): void {
    const passedMs = nowMs - this.ingestTimeMs;
    if (passedMs <= 0 || this.streamTimeMs === 0) return;
    this.streamTimeMs += passedMs;
    this.ingestTimeMs = nowMs;
  }

  get hasDueTimers(): boolean {
    return this.timers !== null && this.streamTimeMs >= this.timers.nextDueMs;
  }

  #open(definition: StoreDefinition, { state }: TaskOptions, effects: Effects): unknown {
    const store = `${this.topology.name}.${definition.name}`;
    return definition.kind === 'keyed'
      ? new KeyedBuffer(store, definition.serde, state.keyed(store), effects)
      : new WindowBuffer(store, definition, state.window(store), effects, this);
  }

  #outputs({ application, partitions }: TaskOptions) {
    return new Map(
      this.topology.parts
        .flatMap((part) => part.outputs ?? [])
        .map((topic) => [
          topic,
          {
            topic: topicName(application.name, topic),
            partitions: topic.partitions === 'P' ? partitions : topic.partitions,
          },
        ]),
    );
  }
}

/** The parts whose inputs move the topology's time, by the inputs' names in the log. */
export function timedTopics(application: string, topology: Topology): ReadonlySet<string> {
  const inputs = timeParts(topology).flatMap((part) => part.inputs ?? []);
  return new Set(inputs.map((input) => topicName(application, input.topic)));
}

function unique<T>(definitions: readonly T[]): readonly T[] {
  return [...new Set(definitions)];
}
