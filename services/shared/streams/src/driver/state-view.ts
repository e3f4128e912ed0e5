import { StreamsError } from '../errors.ts';
import type { LocalState } from '../store/local-state.ts';
import { decodeWindowKey } from '../store/window-key.ts';
import { timersStore } from '../topology/names.ts';
import type { Application, StoreDefinition } from '../topology/types.ts';

/** A committed store, for a test to look at. */
export interface DrivenStore<V> {
  get(key: string): V | undefined;
  /** Of a keyed store. */
  entries(): readonly (readonly [key: string, value: V])[];
  /** Of a window store, in the order of keys and times. */
  windows(): readonly {
    readonly key: string;
    readonly timeMs: number;
    readonly sequence: number;
    readonly value: V;
  }[];
}

export interface PendingTimer {
  readonly topology: string;
  readonly name: string;
  readonly key: string;
  readonly dueMs: number;
}

export function openStore<V>(
  application: Application,
  name: string,
  states: () => readonly LocalState[],
): DrivenStore<V> {
  const { store, definition } = findStore(application, name);
  const { serde } = definition;
  return {
    get: (key) => {
      for (const state of states()) {
        const bytes = state.keyed(store).get(key);
        if (bytes !== undefined) return serde.decode(bytes);
      }
      return undefined;
    },
    entries: () =>
      states().flatMap((state) =>
        [...state.keyed(store).range()].map(([key, bytes]) => [key, serde.decode(bytes)] as const),
      ),
    windows: () =>
      states().flatMap((state) =>
        [...state.entries(store)].map(([key, bytes]) => ({
          ...decodeWindowKey(key),
          value: serde.decode(bytes),
        })),
      ),
  };
}

/** In the order of their due times, as they are committed. */
export function pendingTimers(
  { topologies }: Application,
  states: readonly LocalState[],
): readonly PendingTimer[] {
  const timers = topologies.flatMap(({ name: topology }) =>
    states.flatMap((state) =>
      [...state.keyed(timersStore(topology)).range()].map(([at, bytes]) => {
        const split = at.indexOf('\0');
        return { topology, name: at.slice(0, split), key: at.slice(split + 1), dueMs: bytes.readDoubleBE() };
      }),
    ),
  );
  return timers.sort((left, right) => left.dueMs - right.dueMs || (left.key < right.key ? -1 : 1));
}

function findStore(
  { topologies }: Application,
  name: string,
): { readonly store: string; readonly definition: StoreDefinition } {
  const found = topologies.flatMap((topology) =>
    topology.parts
      .flatMap((part) => part.stores ?? [])
      .filter((definition) => name === definition.name || name === `${topology.name}.${definition.name}`)
      .map((definition) => ({ store: `${topology.name}.${definition.name}`, definition })),
  );
  const [first] = found;
  if (first !== undefined && found.every(({ store }) => store === first.store)) return first;
  const message =
    first === undefined ? `no store is called "${name}"` : `several topologies have a store "${name}"`;
  throw new StreamsError('ZT-STREAMS-NO-STORE', message);
}
