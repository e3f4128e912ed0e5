import type { KeyedStore } from '../context.ts';
import type { Serde } from '../serde.ts';
import { compareKeys } from '../store/key-order.ts';
import type { LocalKeyed } from '../store/local-state.ts';
import { requireKey } from '../store/window-key.ts';
import { type Effects, ownValue, type Slot, UNREAD } from './effects.ts';

/** Decoded values that are kept over cuts, in each of two generations. */
const CACHED_VALUES = 20_000;

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
    const own = this.#writtenBetween(from, to);
    let at = 0;
    for (const [key, bytes] of this.#local.range(from, to)) {
      for (let next = own[at]; next !== undefined && compareKeys(next.key, key) < 0; next = own[++at]) {
        if (next.bytes) yield [next.key, next.value as V];
      }
      const written = own[at];
      if (written?.key !== key) {
        yield [key, this.#serde.decode(bytes)];
        continue;
      }
      at += 1;
      if (written.bytes) yield [key, written.value as V];
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

  #writtenBetween(from: string | undefined, to: string | undefined): readonly Entry[] {
    const isWithin = ({ key }: Entry): boolean =>
      (from === undefined || compareKeys(key, from) >= 0) && (to === undefined || compareKeys(key, to) < 0);
    return this.#touched
      .filter((entry) => entry.bytes !== undefined && isWithin(entry))
      .sort((left, right) => compareKeys(left.key, right.key));
  }
}

function isWritten(entry: Entry): entry is Entry & KeyedWrite {
  return entry.bytes !== undefined;
}
