import type { Context, TimerContext } from '../context.ts';
import type { InputRecord, KeyedStoreDefinition, Part, StreamTopic } from '../topology/types.ts';
import { partName, type Uses, usesOf } from './uses.ts';

export interface Table<V> extends Part {
  readonly store: KeyedStoreDefinition<V>;
  get(context: TimerContext, key: string): V | undefined;
}

export interface TableOptions<V> extends Uses {
  /** Of the part and its store; left out: made from the topic's name. */
  readonly name?: string;
  /** Called with the old and the new row, undefined where there is none. */
  readonly onChange?: (
    change: { readonly key: string; readonly before: V | undefined; readonly after: V | undefined },
    context: Context,
  ) => void;
}

/** A compacted topic's latest value for each key, kept for you: one row per key of this task's partition. */
export function table<V>(topic: StreamTopic<V>, options: TableOptions<V> = {}): Table<V> {
  const { name = partName(topic), onChange } = options;
  const store: KeyedStoreDefinition<V> = { kind: 'keyed', name, serde: topic.serde };
  function handle(record: InputRecord<V | null>, context: Context): void {
    const { key, value } = record;
    const rows = context.store(store);
    const before = onChange === undefined ? undefined : rows.get(key);
    if (value === null) rows.delete(key);
    else rows.put(key, value);
    onChange?.({ key, before, after: value ?? undefined }, context);
  }
  const uses = usesOf(options);
  return {
    name,
    operator: 'table',
    inputs: [{ topic, kind: 'table', stage: name, handle }],
    ...uses,
    stores: [store, ...uses.stores],
    store,
    get: (context, key) => context.store(store).get(key),
  };
}
