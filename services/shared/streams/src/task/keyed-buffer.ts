import type { KeyedStore } from '../context.ts';
import type { Serde } from '../serde.ts';
import { compareKeys } from '../store/key-order.ts';
import type { LocalKeyed } from '../store/local-state.ts';
import { requireKey } from '../store/window-key.ts';
import type { Effects, Undoable } from './effects.ts';

/** Decoded values that are kept over cuts, in each of two generations. */
const CACHED_VALUES = 20_000;

interface Entry {
  /** Undefined: there is none. */
  value: unknown;
  /** As written since the last cut; null deletes, undefined: untouched since then. */
  bytes: Buffer | null | undefined;
  /** Whether the list of touched entries holds it. */
  listed: boolean;
}

/**
 * One keyed store of a task: the writes since the last cut over the local state, and a cache of decoded values.
 * Buffer and cache are one map, so that reading and then writing a key looks it up twice at most.
 */
export class KeyedBuffer<V> implements KeyedStore<V>, Undoable {
  readonly store: string;
  readonly #serde: Serde<V>;
  readonly #local: LocalKeyed;
  readonly #effects: Effects;
  #entries = new Map<string, Entry>();
  #older = new Map<string, Entry>();
  #touched: (readonly [key: string, entry: Entry])[] = [];
  #lastKey: string | undefined;
  #lastEntry: Entry | undefined;

  constructor(store: string, serde: Serde<V>, local: LocalKeyed, effects: Effects) {
    this.store = store;
    this.#serde = serde;
    this.#local = local;
    this.#effects = effects;
  }

  get(key: string): V | undefined {
    const found = this.#find(key) ?? this.#load(key);
    return found.value as V | undefined;
  }

  put(key: string, value: V): void {
    const bytes = this.#serde.encode(value);
    this.#effects.requireFits(key.length + bytes.length, this.store);
    this.#write(key, value, bytes, key.length + bytes.length);
  }

  delete(key: string): void {
    this.#write(key, undefined, null, key.length);
  }

  *range(from?: string, to?: string): Generator<readonly [key: string, value: V]> {
    const own = this.#writtenBetween(from, to);
    let at = 0;
    for (const [key, bytes] of this.#local.range(from, to)) {
      for (let next = own[at]; next !== undefined && compareKeys(next[0], key) < 0; next = own[++at]) {
        if (next[1].bytes) yield [next[0], next[1].value as V];
      }
      const written = own[at];
      if (written?.[0] !== key) {
        yield [key, this.#serde.decode(bytes)];
        continue;
      }
      at += 1;
      if (written[1].bytes) yield [key, written[1].value as V];
    }
    for (const [key, entry] of own.slice(at)) {
      if (entry.bytes) yield [key, entry.value as V];
    }
  }

  undo(key: string, previous: unknown, bytes: Buffer | null | undefined): void {
    const entry = this.#find(key);
    if (entry === undefined) return;
    entry.value = previous;
    entry.bytes = bytes;
    // What stood in the local state was never read: forget the entry, so that it is.
    if (previous === UNREAD) {
      entry.value = undefined;
      this.#forget(key, entry);
    }
  }

  /** The last value of each key that was written since the last cut. */
  *changes(): Generator<readonly [key: string, value: Buffer | null]> {
    for (const [key, { bytes, listed }] of this.#touched) {
      if (listed && bytes !== undefined) yield [key, bytes];
    }
  }

  get changed(): boolean {
    return this.#touched.some(([, { bytes, listed }]) => listed && bytes !== undefined);
  }

  /** The local state holds the changes now. */
  applied(): void {
    for (const [, entry] of this.#touched) {
      entry.bytes = undefined;
      entry.listed = false;
    }
    this.#touched = [];
    if (this.#entries.size < CACHED_VALUES) return;
    this.#older = this.#entries;
    this.#entries = new Map();
    this.#lastKey = undefined;
  }

  #find(key: string): Entry | undefined {
    if (key === this.#lastKey) return this.#lastEntry;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = this.#older.get(key);
      if (entry === undefined) return undefined;
      this.#entries.set(key, entry);
    }
    this.#lastKey = key;
    this.#lastEntry = entry;
    return entry;
  }

  #load(key: string): Entry {
    const bytes = this.#local.get(key);
    const value = bytes === undefined ? undefined : this.#serde.decode(bytes);
    return this.#add(key, value);
  }

  #add(key: string, value: unknown): Entry {
    const entry: Entry = { value, bytes: undefined, listed: false };
    this.#entries.set(key, entry);
    this.#lastKey = key;
    this.#lastEntry = entry;
    return entry;
  }

  #write(key: string, value: V | undefined, bytes: Buffer | null, size: number): void {
    requireKey(key);
    const entry = this.#find(key) ?? this.#add(key, UNREAD);
    this.#effects.wrote(this, key, entry.value, entry.bytes, entry.bytes === undefined ? size : 0);
    entry.value = value;
    entry.bytes = bytes;
    if (entry.listed) return;
    entry.listed = true;
    this.#touched.push([key, entry]);
  }

  #forget(key: string, entry: Entry): void {
    entry.listed = false;
    this.#entries.delete(key);
    this.#older.delete(key);
    this.#lastKey = undefined;
  }

  #writtenBetween(from: string | undefined, to: string | undefined): (readonly [string, Entry])[] {
    return this.#touched
      .filter(([key, { bytes, listed }]) => {
        if (!listed || bytes === undefined) return false;
        return (
          (from === undefined || compareKeys(key, from) >= 0) &&
          (to === undefined || compareKeys(key, to) < 0)
        );
      })
      .sort(([left], [right]) => compareKeys(left, right));
  }
}

/** Stands for a value that was written over without having been read. */
const UNREAD = Symbol('unread');
