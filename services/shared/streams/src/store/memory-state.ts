import type { KeyedChange, LocalState, StateChange, StateMark, WindowChange } from './local-state.ts';
import { requireFollows, requireSegmentMs } from './mark.ts';
import { MemoryKeyed } from './memory-keyed.ts';
import { MemoryWindow } from './memory-window.ts';
import { requireKey, requireWindowKey } from './window-key.ts';

/** A task's state in memory, for tests and for processes without a state directory. Stores come up as they are named. */
export function createMemoryState(): LocalState {
  return new MemoryState();
}

class MemoryState implements LocalState {
  #mark: StateMark | null = null;
  readonly #keyed = new Map<string, MemoryKeyed>();
  readonly #windows = new Map<string, MemoryWindow>();

  get mark(): StateMark | null {
    return this.#mark;
  }

  keyed(store: string): MemoryKeyed {
    return findOrAdd(this.#keyed, store, () => new MemoryKeyed());
  }

  window(store: string): MemoryWindow {
    return findOrAdd(this.#windows, store, () => new MemoryWindow());
  }

  apply(change: StateChange): void {
    requireFollows(this.#mark, change);
    // What can throw comes first: reading the entries of a change runs its maker's code.
    const keyed = change.keyed.map(({ store, entries }): KeyedChange => ({ store, entries: [...entries] }));
    const windows = change.windows.map((each): WindowChange => ({ ...each, entries: [...each.entries] }));
    for (const { store, segmentMs, entries } of windows) {
      requireSegmentMs(store, this.window(store).segmentMs ?? segmentMs, segmentMs);
      for (const entry of entries) requireWindowKey(entry);
    }
    for (const { entries } of keyed) for (const [key] of entries) requireKey(key);
    for (const { store, entries } of keyed) this.keyed(store).write(entries);
    for (const each of windows) this.window(each.store).write(each);
    this.#mark = change.mark;
  }

  clear(): void {
    this.#mark = null;
    for (const store of this.#keyed.values()) store.clear();
    for (const store of this.#windows.values()) store.clear();
  }

  *entries(store: string): Generator<readonly [key: Buffer, value: Buffer]> {
    for (const [key, value] of this.keyed(store).range()) yield [Buffer.from(key), value];
    yield* this.window(store).entries();
  }

  async close(): Promise<void> {}

  size(): { bytes: number; entries: number } {
    const size = { bytes: 0, entries: 0 };
    for (const store of [...this.#keyed.values(), ...this.#windows.values()]) {
      size.bytes += store.bytes;
      size.entries += store.count();
    }
    return size;
  }
}

function findOrAdd<T>(map: Map<string, T>, name: string, create: () => T): T {
  let found = map.get(name);
  if (found === undefined) {
    found = create();
    map.set(name, found);
  }
  return found;
}
