import type { Context, TimerContext } from '../context.ts';
import type { Serde } from '../serde.ts';
import type { InputRecord, KeyedStoreDefinition, Part, StreamTopic } from '../topology/types.ts';
import { spanListSerde } from './span-list.ts';
import { partName } from './uses.ts';
import type { Span } from './windows.ts';

export interface VersionedTable<V> extends Part {
  /** The row that was valid at a time; undefined when there was none, or when it is beyond the history. */
  asOf(context: TimerContext, key: string, timeMs: number): V | undefined;
}

export interface VersionedTableOptions {
  readonly name?: string;
  /** How far back, in stream time, the past is known. What is valid now is known however old it is. */
  readonly historyMs: number;
  /** At most so many versions of a key; left out: 100. The oldest go first. */
  readonly versions?: number;
}

/** A compacted topic's values with their past: each row is valid from its event time to that of the next. */
export function versionedTable<V>(
  topic: StreamTopic<V>,
  { name = partName(topic), historyMs, versions = 100 }: VersionedTableOptions,
): VersionedTable<V> {
  const serde = spanListSerde(nullableSerde(topic.serde));
  const store: KeyedStoreDefinition<readonly Span<V | null>[]> = { kind: 'keyed', name, serde };
  function handle({ key, value, eventTimeMs }: InputRecord<V | null>, context: Context): void {
    const before = context.store(store).get(key) ?? [];
    const version = { startMs: eventTimeMs, endMs: eventTimeMs, value };
    const others = before.filter(({ startMs }) => startMs !== eventTimeMs);
    const all = [...others, version].sort((a, b) => a.startMs - b.startMs);
    const kept = withinHistory(all, context.streamTimeMs - historyMs).slice(-versions);
    if (kept.every((each) => each.value === null)) context.store(store).delete(key);
    else context.store(store).put(key, kept);
  }
  return {
    name,
    operator: 'versioned table',
    byTime: true,
    inputs: [{ topic, kind: 'table', stage: name, handle }],
    stores: [store],
    asOf: (context, key, timeMs) => {
      const valid = context
        .store(store)
        .get(key)
        ?.findLast(({ startMs }) => startMs <= timeMs);
      return valid?.value ?? undefined;
    },
  };
}

/** All that began since, and the one before them, which was valid when they began. */
function withinHistory<V>(all: readonly Span<V>[], fromMs: number): readonly Span<V>[] {
  const base = all.findLastIndex(({ startMs }) => startMs <= fromMs);
  return base <= 0 ? all : all.slice(base);
}

/** One byte before the value tells whether there is one. */
function nullableSerde<V>(serde: Serde<V>): Serde<V | null> {
  return {
    name: `nullable:${serde.name}`,
    encode: (value) =>
      value === null ? Buffer.from([0]) : Buffer.concat([Buffer.from([1]), serde.encode(value)]),
    decode: (bytes) => (bytes[0] === 0 ? null : serde.decode(bytes.subarray(1))),
  };
}
