import type { WindowEntry, WindowStore } from '../context.ts';
import type { Serde } from '../serde.ts';
import type { LocalWindow } from '../store/local-state.ts';
import { requireWindowKey } from '../store/window-key.ts';
import type { WindowStoreDefinition } from '../topology/types.ts';
import { type Effects, ownValue, UNREAD } from './effects.ts';
import { WindowList, type WindowSlot } from './window-list.ts';

export interface CacheLimits {
  /** Entries that are kept over cuts, in each of two generations. */
  readonly entries: number;
  /** A key with more entries than this is read from the local state each time. */
  readonly ofKey: number;
}

const CACHE_LIMITS: CacheLimits = { entries: 500, ofKey: 256 };
/** Later than all times that a store can hold. */
const END_OF_TIME = 2 ** 47;

export interface WindowWrite {
  readonly key: string;
  readonly timeMs: number;
  readonly sequence: number;
  readonly bytes: Buffer | null;
}

/** Stream time of the topology that owns the store. */
export interface Now {
  readonly streamTimeMs: number;
}

/** One window store of a task: the writes since the last cut over the local state, and a cache by key. */
export class WindowBuffer<V> implements WindowStore<V> {
  readonly store: string;
  readonly segmentMs: number;
  readonly #retentionMs: number;
  readonly #serde: Serde<V>;
  readonly #local: LocalWindow;
  readonly #effects: Effects;
  readonly #now: Now;
  readonly #limits: CacheLimits;
  readonly #isCached: boolean;
  #lists = new Map<string, WindowList>();
  #older = new Map<string, WindowList>();
  #entries = 0;
  #touched: WindowSlot[] = [];
  #droppedBeforeMs = 0;

  constructor(
    store: string,
    definition: WindowStoreDefinition<V>,
    local: LocalWindow,
    effects: Effects,
    now: Now,
    limits = CACHE_LIMITS,
  ) {
    this.store = store;
    this.segmentMs = definition.segmentMs;
    this.#retentionMs = definition.retentionMs;
    this.#serde = definition.serde;
    this.#local = local;
    this.#effects = effects;
    this.#now = now;
    this.#limits = limits;
    this.#isCached = definition.isCached ?? true;
  }

  get(key: string, timeMs: number, sequence = 0): V | undefined {
    if (timeMs < this.#oldestMs()) return undefined;
    const list = this.#find(key);
    const known = list?.slots[list.placeOf(timeMs, sequence)];
    if (known?.timeMs === timeMs && known.sequence === sequence && known.value !== UNREAD) {
      return known.value as V | undefined;
    }
    if (list !== undefined && timeMs >= list.completeFromMs) return undefined;
    const bytes = this.#local.get(key, timeMs, sequence);
    return bytes === undefined ? undefined : this.#serde.decode(bytes);
  }

  put(key: string, timeMs: number, value: V, sequence = 0): boolean {
    if (timeMs < this.#oldestMs()) return false;
    const bytes = this.#effects.encode(this.#serde, value);
    this.#effects.requireFits(key.length + bytes.length, this.store);
    this.#write(key, timeMs, sequence, value, bytes);
    return true;
  }

  delete(key: string, timeMs: number, sequence = 0): void {
    if (timeMs >= this.#oldestMs()) this.#write(key, timeMs, sequence, undefined, null);
  }

  fetch(key: string, fromMs: number, toMs: number): Iterable<WindowEntry<V>> {
    const from = Math.max(fromMs, this.#oldestMs());
    const list = this.#list(key);
    if (from < list.completeFromMs && !list.isLong) this.#extend(list, key, from);
    return from < list.completeFromMs ? this.#merged(list, key, from, toMs) : list.between<V>(from, toMs);
  }

  /** What was written since the last cut. */
  writes(): readonly WindowWrite[] {
    return this.#touched.filter(isWritten);
  }

  /** Segments that end here or before are out of the retention; undefined when that is nothing new. */
  get dropBeforeMs(): number | undefined {
    const before = Math.floor(this.#oldestMs() / this.segmentMs) * this.segmentMs;
    return before > this.#droppedBeforeMs ? before : undefined;
  }

  /** The local state holds the writes now. */
  applied(droppedBeforeMs: number | undefined): void {
    if (droppedBeforeMs !== undefined) this.#droppedBeforeMs = droppedBeforeMs;
    if (!this.#isCached) {
      this.#forgetAll();
      return;
    }
    const oldestMs = this.#oldestMs();
    for (const slot of this.#touched) {
      slot.bytes = undefined;
      slot.value = ownValue(slot.value);
      slot.isListed = false;
    }
    for (const { key } of this.#touched) this.#find(key)?.tidy(oldestMs);
    this.#touched = [];
    if (this.#entries < this.#limits.entries) return;
    this.#older = this.#lists;
    this.#lists = new Map();
    this.#entries = 0;
  }

  #forgetAll(): void {
    this.#touched = [];
    this.#lists = new Map();
    this.#entries = 0;
  }

  /** What is older cannot be found, whether its segment is dropped yet or not: so a rebuilt copy answers the same. */
  #oldestMs(): number {
    return this.#now.streamTimeMs - this.#retentionMs;
  }

  #find(key: string): WindowList | undefined {
    const list = this.#lists.get(key);
    if (list !== undefined) return list;
    const older = this.#older.get(key);
    if (older === undefined) return undefined;
    this.#lists.set(key, older);
    this.#entries += older.slots.length + 1;
    return older;
  }

  #list(key: string): WindowList {
    const found = this.#find(key);
    if (found !== undefined) return found;
    const made = new WindowList(key);
    this.#lists.set(key, made);
    this.#entries += 1;
    return made;
  }

  /** Reads what the list lacks from a time on. What is asked for is mostly new, so nothing older is read with it. */
  #extend(list: WindowList, key: string, fromMs: number): void {
    let read = 0;
    const before = Math.min(list.completeFromMs, END_OF_TIME);
    for (const { timeMs, sequence, value } of this.#local.fetch(key, fromMs, before)) {
      if (++read > this.#limits.ofKey) {
        list.isLong = true;
        return;
      }
      const slot = list.slot(timeMs, sequence);
      if (slot.value === UNREAD) slot.value = this.#serde.decode(value);
    }
    this.#entries += read;
    list.completeFromMs = fromMs;
  }

  /** For a key whose entries are too many to keep: what is known of them over what the local state has. */
  #merged(list: WindowList, key: string, fromMs: number, toMs: number): readonly WindowEntry<V>[] {
    const entries = list.between<V>(fromMs, toMs);
    for (const { timeMs, sequence, value } of this.#local.fetch(key, fromMs, toMs)) {
      if (!list.knows(timeMs, sequence)) entries.push({ timeMs, sequence, value: this.#serde.decode(value) });
    }
    return entries.sort((left, right) => left.timeMs - right.timeMs || left.sequence - right.sequence);
  }

  #write(key: string, timeMs: number, sequence: number, value: V | undefined, bytes: Buffer | null): void {
    requireWindowKey({ key, timeMs, sequence });
    const slot = this.#list(key).slot(timeMs, sequence);
    this.#effects.write(slot, value, bytes, key.length + 12 + (bytes === null ? 0 : bytes.length));
    if (slot.isListed) return;
    slot.isListed = true;
    this.#entries += 1;
    this.#touched.push(slot);
  }
}

function isWritten(slot: WindowSlot): slot is WindowSlot & WindowWrite {
  return slot.bytes !== undefined;
}
