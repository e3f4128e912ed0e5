import type { KeyedStore } from '../context.ts';
import type { Serde } from '../serde.ts';
import { compareKeys } from '../store/key-order.ts';
import type { LocalKeyed } from '../store/local-state.ts';
import { requireKey } from '../store/window-key.ts';
import { type Effects, ownValue, type Slot, UNREAD } from './effects.ts';

/** Decoded values that are kept over cuts, in each of two generations. */
const CACHED_VALUES = 20_000;
/** Up to as many fresh keys between two ranges are put into their places one by one; more are sorted at once. */
const PLACED_SINGLY = 16;

interface Entry extends Slot {
  readonly key: string;
  keyBytes: Buffer | null;
  /** Whether the list of touched entries holds it. */
  isListed: boolean;
}

export interface KeyedWrite {
  readonly key: string;
  /** Where they were at hand. */
  readonly keyBytes: Buffer | null;
  readonly bytes: Buffer | null;
}

/**
 * One keyed store of a task: the writes since the last cut over the local state, and a cache of decoded values.
 * Buffer and cache are one map, so that reading and then writing a key looks it up once.
 */
export class KeyedBuffer<V> implements KeyedStore<V> {
  readonly store: string;
  readonly #serde: Serde<V>;
  readonly #local: LocalKeyed;
  readonly #effects: Effects;
  readonly #cached: number;
  #entries = new Map<string, Entry>();
  #older = new Map<string, Entry>();
  #touched: Entry[] = [];
  /** The touched entries that were there at the last range, in the order of their keys. */
  #sorted: Entry[] = [];
  #last: Entry | undefined;

  constructor(store: string, serde: Serde<V>, local: LocalKeyed, effects: Effects, cached = CACHED_VALUES) {
    this.store = store;
    this.#serde = serde;
    this.#local = local;
    this.#effects = effects;
    this.#cached = cached;
  }

  get(key: string): V | undefined {
    const entry = this.#find(key);
    if (entry.value === UNREAD) entry.value = this.#read(key);
    return entry.value as V | undefined;
  }

  put(key: string, value: V): void {
    const bytes = this.#effects.encode(this.#serde, value);
    this.#effects.requireFits(key.length + bytes.length, this.store);
    this.#write(key, value, bytes, key.length + bytes.length);
  }

  delete(key: string): void {
    this.#write(key, undefined, null, key.length);
  }

  *range(from?: string, to?: string): Generator<readonly [key: string, value: V]> {
    const own = this.#touchedBetween(from, to);
    let at = 0;
    for (const [key, bytes] of this.#local.range(from, to)) {
      for (let next = own[at]; next !== undefined && compareKeys(next.key, key) < 0; next = own[++at]) {
        if (next.bytes) yield [next.key, next.value as V];
      }
      const touched = own[at]?.key === key ? own[at++] : undefined;
      const value = this.#over(touched, bytes);
      if (value !== undefined) yield [key, value];
    }
    for (const { key, bytes, value } of own.slice(at)) if (bytes) yield [key, value as V];
  }

  /** The last value of each key that was written since the last cut. */
  writes(): readonly KeyedWrite[] {
    return this.#touched.filter(isWritten);
  }

  /** The local state holds the writes now. */
  applied(): void {
    for (const entry of this.#touched) {
      entry.bytes = undefined;
      entry.value = ownValue(entry.value);
      // It may be a piece of a whole fetched batch, which would stay in memory with it.
      entry.keyBytes = null;
      entry.isListed = false;
    }
    this.#touched = [];
    this.#sorted = [];
    if (this.#entries.size < this.#cached) return;
    this.#older = this.#entries;
    this.#entries = new Map();
    this.#last = undefined;
  }

  #find(key: string): Entry {
    const last = this.#last;
    if (last !== undefined && last.key === key) return last;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = this.#older.get(key) ?? {
        key,
        keyBytes: null,
        value: UNREAD,
        bytes: undefined,
        isListed: false,
      };
      this.#entries.set(key, entry);
    }
    this.#last = entry;
    return entry;
  }

  #read(key: string): V | undefined {
    const bytes = this.#local.get(key);
    return bytes === undefined ? undefined : this.#serde.decode(bytes);
  }

  #write(key: string, value: V | undefined, bytes: Buffer | null, size: number): void {
    requireKey(key);
    const entry = this.#find(key);
    this.#effects.write(entry, value, bytes, size);
    if (entry.isListed) return;
    entry.isListed = true;
    entry.keyBytes = this.#effects.head?.bytesOfKey(key) ?? null;
    this.#touched.push(entry);
  }

  /** What stands where the local state has a value. */
  #over(touched: Entry | undefined, bytes: Buffer): V | undefined {
    return touched?.bytes === undefined ? this.#serde.decode(bytes) : (touched.value as V | undefined);
  }

  /** A copy: the caller may write while going through it. */
  #touchedBetween(from: string | undefined, to: string | undefined): readonly Entry[] {
    this.#sortTouched();
    const start = from === undefined ? 0 : this.#placeOf(from);
    return this.#sorted.slice(start, to === undefined ? undefined : this.#placeOf(to));
  }

  /** A store that is never asked for a range keeps no order. */
  #sortTouched(): void {
    const fresh = this.#touched.length - this.#sorted.length;
    if (fresh > PLACED_SINGLY) {
      this.#sorted = this.#touched.toSorted((left, right) => compareKeys(left.key, right.key));
      return;
    }
    for (const entry of this.#touched.slice(this.#touched.length - fresh)) {
      this.#sorted.splice(this.#placeOf(entry.key), 0, entry);
    }
  }

  /** The index of the first touched entry that is not before the key. */
  #placeOf(key: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#sorted[middle];
      if (entry !== undefined && compareKeys(entry.key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isWritten(entry: Entry): entry is Entry & KeyedWrite {
  return entry.bytes !== undefined;
}
