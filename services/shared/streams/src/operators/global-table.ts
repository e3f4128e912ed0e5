import type { TimerContext } from '../context.ts';
import type { GlobalStoreDefinition, Part, StreamTopic } from '../topology/types.ts';
import { partName } from './uses.ts';

export interface GlobalTable<V> extends Part {
  readonly store: GlobalStoreDefinition<V>;
  get(context: TimerContext, key: string): V | undefined;
}

/** A compacted topic's latest values, whole in each process: for small tables that are asked for by any key. */
export function globalTable<V>(
  topic: StreamTopic<V>,
  options: { readonly name?: string } = {},
): GlobalTable<V> {
  const { name = partName(topic) } = options;
  const store: GlobalStoreDefinition<V> = { kind: 'global', name, serde: topic.serde, topic };
  return {
    name,
    operator: 'global table',
    globals: [store],
    store,
    get: (context, key) => context.global(store).get(key),
  };
}
