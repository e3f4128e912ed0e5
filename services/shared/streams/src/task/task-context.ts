import type { Context, EmitOptions, GlobalStore, KeyedStore, TimerName, WindowStore } from '../context.ts';
import { StreamsError } from '../errors.ts';
import type { OutRecord } from '../log-port.ts';
import type {
  AnyTopic,
  GlobalStoreDefinition,
  KeyedStoreDefinition,
  StreamTopic,
  WindowStoreDefinition,
} from '../topology/types.ts';
import type { Effects } from './effects.ts';
import type { HeadRecord } from './input-queue.ts';

/** An output topic, by its name in the log. */
export interface OutTarget {
  readonly topic: string;
  readonly partitions: number;
}

/** What the context needs of the topology's run. */
export interface ContextParts {
  readonly topology: string;
  readonly partition: number;
  readonly effects: Effects;
  readonly partitionOf: (key: Buffer, partitions: number) => number;
  /** Every effect bears the place of its input. */
  readonly marksOrigin: boolean;
  readonly stores: ReadonlyMap<unknown, unknown>;
  readonly outputs: ReadonlyMap<AnyTopic, OutTarget>;
  readonly time: { readonly streamTimeMs: number; readonly ingestTimeMs: number };
  readonly timers: TimerPort | null;
  readonly dropped: (reason: string) => void;
}

export interface TimerPort {
  wakeAt(timer: TimerName, key: string, dueMs: number): void;
  cancel(timer: TimerName, key: string): void;
}

export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

/** The header in which effects of a topology with `order: arrival` name their input: topic/partition/offset. */
export const ORIGIN_HEADER = 'zt-origin';

/** What handlers see. One for each topology of a task; it serves one record or timer after the other. */
export class TaskContext implements Context {
  readonly partition: number;
  /** Set when the handler gave the record up. */
  rejection: Rejection | null = null;
  /** Set when the handler called `late`. */
  latenessMs: number | null = null;
  readonly #parts: ContextParts;
  readonly #effects: Effects;
  #record: HeadRecord | null = null;
  #origin = '';
  #originHeaders: readonly (readonly [string, Buffer])[] | undefined;
  #lastDefinition: unknown;
  #lastStore: unknown;
  #lastTopic: unknown;
  #lastTarget: OutTarget | undefined;

  constructor(parts: ContextParts) {
    this.partition = parts.partition;
    this.#parts = parts;
    this.#effects = parts.effects;
  }

  /** A record comes; null: a timer, which says where it comes from. */
  begin(record: HeadRecord | null, origin = ''): void {
    this.#record = record;
    this.#origin = origin;
    this.#originHeaders = undefined;
    this.rejection = null;
    this.latenessMs = null;
  }

  get streamTimeMs(): number {
    return this.#parts.time.streamTimeMs;
  }

  store<V>(definition: KeyedStoreDefinition<V>): KeyedStore<V> {
    return this.#storeOf(definition) as KeyedStore<V>;
  }

  window<V>(definition: WindowStoreDefinition<V>): WindowStore<V> {
    return this.#storeOf(definition) as WindowStore<V>;
  }

  global<V>(definition: GlobalStoreDefinition<V>): GlobalStore<V> {
    return this.#storeOf(definition) as GlobalStore<V>;
  }

  emit<T>(topic: StreamTopic<T>, key: string, value: T): void {
    this.#send(topic, key, this.#effects.encode(topic.serde, value), undefined);
  }

  emitTombstone(topic: AnyTopic, key: string): void {
    this.#send(topic, key, null, undefined);
  }

  emitBytes(topic: AnyTopic, key: string, bytes: Buffer, options?: EmitOptions): void {
    this.#send(topic, key, bytes, options);
  }

  wakeAt(timer: TimerName, key: string, dueMs: number): void {
    this.#timers(timer).wakeAt(timer, key, dueMs);
  }

  cancel(timer: TimerName, key: string): void {
    this.#timers(timer).cancel(timer, key);
  }

  drop(reason: string): void {
    this.#parts.dropped(reason);
  }

  deadLetter(reason: string, message = reason): void {
    this.rejection ??= { reason, message };
  }

  late(latenessMs: number): void {
    this.latenessMs = latenessMs;
  }

  #send(topic: AnyTopic, key: string, value: Buffer | null, options: EmitOptions | undefined): void {
    const target = topic === this.#lastTopic ? this.#lastTarget : this.#targetOf(topic);
    if (target === undefined) throw unknownName(this.#parts.topology, 'output', topic.name);
    const keyBytes = this.#record?.bytesOfKey(key) ?? Buffer.from(key);
    const record = {
      topic: target.topic,
      partition: options?.partition ?? this.#parts.partitionOf(keyBytes, target.partitions),
      key: keyBytes,
      value,
      timestampMs: options?.timestampMs ?? this.#record?.ingestTimeMs ?? this.#parts.time.ingestTimeMs,
    };
    this.#effects.emit(this.#withHeaders(record, options?.headers));
  }

  #withHeaders(record: OutRecord, own: EmitOptions['headers']): OutRecord {
    const headerBytes = own === 'input' ? this.#record?.raw.headerBytes : undefined;
    if (headerBytes !== undefined && !this.#parts.marksOrigin) return { ...record, headerBytes };
    const headers = own === 'input' ? Object.entries(this.#record?.headers ?? {}) : own;
    if (!this.#parts.marksOrigin) return headers === undefined ? record : { ...record, headers };
    this.#originHeaders ??= [[ORIGIN_HEADER, Buffer.from(this.#originText())]];
    return { ...record, headers: [...(headers ?? []), ...this.#originHeaders] };
  }

  #originText(): string {
    const record = this.#record;
    return record === null ? this.#origin : `${record.topic}/${record.partition}/${record.offset}`;
  }

  #targetOf(topic: AnyTopic): OutTarget | undefined {
    this.#lastTopic = topic;
    this.#lastTarget = this.#parts.outputs.get(topic);
    return this.#lastTarget;
  }

  #storeOf(definition: { readonly name: string }): unknown {
    if (definition === this.#lastDefinition) return this.#lastStore;
    const store = this.#parts.stores.get(definition);
    if (store === undefined) throw unknownName(this.#parts.topology, 'store', definition.name);
    this.#lastDefinition = definition;
    this.#lastStore = store;
    return store;
  }

  #timers(timer: TimerName): TimerPort {
    if (this.#parts.timers === null) throw unknownName(this.#parts.topology, 'timer', timer.name);
    return this.#parts.timers;
  }
}

/** A mistake in the topology: no record is at fault, and every one would fail. */
function unknownName(topology: string, what: string, name: string): StreamsError {
  const message = `topology "${topology}" uses the ${what} "${name}", which none of its parts names`;
  return new StreamsError('ZT-STREAMS-UNKNOWN-NAME', message);
}
