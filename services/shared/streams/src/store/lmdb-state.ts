import type { Database } from 'lmdb';
import { LmdbEnvironment, readValue } from './lmdb-environment.ts';
import { keyedKeys, LmdbKeyed } from './lmdb-keyed.ts';
import { LmdbWindow, parseSegmentName } from './lmdb-window.ts';
import type { LocalState, StateChange, StateMark, WindowChange } from './local-state.ts';
import { parseMark, requireFollows } from './mark.ts';

/**
 * A task's state in a directory of its own. The directory must belong to this process alone, and what lies in it
 * must have been written since the machine was started: `openStateDirectory` sees to both. Stores come up as they are
 * named; those that nobody names any more stay until the directory is reset.
 */
export function openLmdbState(directory: string): LocalState {
  return new LmdbState(directory);
}

class LmdbState implements LocalState {
  readonly #environment: LmdbEnvironment;
  readonly #marks: Database<Buffer, string>;
  readonly #keyed = new Map<string, LmdbKeyed>();
  readonly #windows = new Map<string, LmdbWindow>();
  #mark: StateMark | null;

  constructor(directory: string) {
    this.#environment = new LmdbEnvironment(directory);
    for (const name of this.#environment.names()) {
      if (name.startsWith('keyed/')) this.keyed(name.slice('keyed/'.length));
      const segment = parseSegmentName(name);
      if (segment !== null) this.window(segment.store).openSegment(segment.segmentMs, segment.startMs);
    }
    this.#marks = this.#environment.database('mark', keyedKeys);
    this.#mark = this.#storedMark();
  }

  get mark(): StateMark | null {
    return this.#mark;
  }

  keyed(store: string): LmdbKeyed {
    let found = this.#keyed.get(store);
    if (found === undefined) {
      found = new LmdbKeyed(this.#environment.database(`keyed/${store}`, keyedKeys));
      this.#keyed.set(store, found);
    }
    return found;
  }

  window(store: string): LmdbWindow {
    let found = this.#windows.get(store);
    if (found === undefined) {
      found = new LmdbWindow(store, this.#environment);
      this.#windows.set(store, found);
    }
    return found;
  }

  apply(change: StateChange): void {
    const windows = change.windows.map((each): WindowChange => ({ ...each, entries: [...each.entries] }));
    for (const each of windows) this.window(each.store).prepare(each);
    for (const { store } of change.keyed) this.keyed(store);
    this.#environment.transaction(() => this.#write(change, windows));
    for (const { store, dropBeforeMs } of windows) {
      if (dropBeforeMs !== undefined) this.window(store).forget(dropBeforeMs);
    }
    this.#mark = change.mark;
  }

  clear(): void {
    this.#environment.transaction(() => {
      for (const store of this.#keyed.values()) store.clear();
      for (const store of this.#windows.values()) store.clear();
      this.#marks.clearSync();
    });
    for (const store of this.#windows.values()) store.forgetAll();
    this.#mark = null;
  }

  *entries(store: string): Generator<readonly [key: Buffer, value: Buffer]> {
    const keyed = this.#keyed.get(store);
    if (keyed !== undefined) for (const [key, value] of keyed.range()) yield [Buffer.from(key), value];
    yield* this.#windows.get(store)?.entries() ?? [];
  }

  close(): Promise<void> {
    return this.#environment.close();
  }

  size(): { bytes: number; entries: number } {
    const size = { bytes: 0, entries: 0 };
    if (this.#environment.closed) return size;
    for (const store of [...this.#keyed.values(), ...this.#windows.values()]) {
      const { bytes, entries } = store.size();
      size.bytes += bytes;
      size.entries += entries;
    }
    return size;
  }

  /** Within a transaction: the mark is read from the file, where another may have set it. */
  #write(change: StateChange, windows: readonly WindowChange[]): void {
    requireFollows(this.#storedMark(), change);
    for (const { store, entries } of change.keyed) this.keyed(store).write(entries);
    for (const each of windows) this.window(each.store).write(each);
    this.#marks.putSync(MARK, Buffer.from(JSON.stringify(change.mark)));
  }

  #storedMark(): StateMark | null {
    const bytes = readValue(this.#marks, MARK);
    return bytes === undefined ? null : parseMark(bytes);
  }
}

const MARK = 'mark';
