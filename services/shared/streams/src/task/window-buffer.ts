import type { WindowEntry, WindowStore } from '../context.ts';
import type { Serde } from '../serde.ts';
import type { LocalWindow } from '../store/local-state.ts';
import { requireWindowKey } from '../store/window-key.ts';
import type { WindowStoreDefinition } from '../topology/types.ts';
import type { Effects, Undoable } from './effects.ts';

/** A value by key and time, as written since the last cut. */
interface Written {
  readonly timeMs: number;
  readonly sequence: number;
  value: unknown;
  /** Null deletes; undefined: the write was taken back. */
  bytes: Buffer | null | undefined;
}

export interface WindowChangeEntry {
  readonly key: string;
  readonly timeMs: number;
  readonly sequence: number;
  readonly value: Buffer | null;
}

/** Stream time of the topology that owns the store. */
export interface Now {
  readonly streamTimeMs: number;
}

/** One window store of a task: the writes since the last cut over the local state. */
export class WindowBuffer<V> implements WindowStore<V>, Undoable {
  readonly store: string;
  readonly segmentMs: number;
  readonly #retentionMs: number;
  readonly #serde: Serde<V>;
  readonly #local: LocalWindow;
  readonly #effects: Effects;
  readonly #now: Now;
  /** Each list in the order of time and sequence. */
  #written = new Map<string, Written[]>();
  #droppedBeforeMs = 0;

  constructor(
    store: string,
    definition: WindowStoreDefinition<V>,
    local: LocalWindow,
    effects: Effects,
    now: Now,
  ) {
    this.store = store;
    this.segmentMs = definition.segmentMs;
    this.#retentionMs = definition.retentionMs;
    this.#serde = definition.serde;
    this.#local = local;
    this.#effects = effects;
    this.#now = now;
  }

  get(key: string, timeMs: number, sequence = 0): V | undefined {
    if (timeMs < this.#oldestMs()) return undefined;
    const list = this.#written.get(key);
    if (list !== undefined) {
      const written = list[placeOf(list, timeMs, sequence)];
      if (isAt(written, timeMs, sequence) && written?.bytes !== undefined)
        return written.value as V | undefined;
    }
    const bytes = this.#local.get(key, timeMs, sequence);
    return bytes === undefined ? undefined : this.#serde.decode(bytes);
  }

  put(key: string, timeMs: number, value: V, sequence = 0): boolean {
    if (timeMs < this.#oldestMs()) return false;
    const bytes = this.#serde.encode(value);
    this.#effects.requireFits(key.length + bytes.length, this.store);
    this.#write(key, timeMs, sequence, value, bytes);
    return true;
  }

  delete(key: string, timeMs: number, sequence = 0): void {
    if (timeMs < this.#oldestMs()) return;
    this.#write(key, timeMs, sequence, undefined, null);
  }

  *fetch(key: string, fromMs: number, toMs: number): Generator<WindowEntry<V>> {
    const from = Math.max(fromMs, this.#oldestMs());
    const list = this.#written.get(key) ?? NONE;
    let at = placeOf(list, from, Number.NEGATIVE_INFINITY);
    for (const found of this.#local.fetch(key, from, toMs)) {
      const until = placeOf(list, found.timeMs, found.sequence);
      for (; at < until; at += 1) yield* present<V>(list[at]);
      const own = isAt(list[at], found.timeMs, found.sequence) ? list[at++] : undefined;
      if (own?.bytes !== undefined) yield* present<V>(own);
      else yield { timeMs: found.timeMs, sequence: found.sequence, value: this.#serde.decode(found.value) };
    }
    for (let own = list[at]; own !== undefined && own.timeMs <= toMs; own = list[++at])
      yield* present<V>(own);
  }

  undo(_key: string, previous: unknown, bytes: Buffer | null | undefined): void {
    const { written, value } = previous as Previous;
    written.value = value;
    written.bytes = bytes;
  }

  *changes(): Generator<WindowChangeEntry> {
    for (const [key, list] of this.#written) {
      for (const { timeMs, sequence, bytes } of list) {
        if (bytes !== undefined) yield { key, timeMs, sequence, value: bytes };
      }
    }
  }

  /** Segments that end here or before are out of the retention; undefined when that is nothing new. */
  get dropBeforeMs(): number | undefined {
    const before = Math.floor(this.#oldestMs() / this.segmentMs) * this.segmentMs;
    return before > this.#droppedBeforeMs ? before : undefined;
  }

  /** The local state holds the changes now. */
  applied(droppedBeforeMs: number | undefined): void {
    this.#written = new Map();
    if (droppedBeforeMs !== undefined) this.#droppedBeforeMs = droppedBeforeMs;
  }

  /** What is older cannot be found, whether its segment is dropped yet or not: so a rebuilt copy answers the same. */
  #oldestMs(): number {
    return this.#now.streamTimeMs - this.#retentionMs;
  }

  #write(key: string, timeMs: number, sequence: number, value: V | undefined, bytes: Buffer | null): void {
    requireWindowKey({ key, timeMs, sequence });
    let list = this.#written.get(key);
    if (list === undefined) {
      list = [];
      this.#written.set(key, list);
    }
    const at = placeOf(list, timeMs, sequence);
    let written = list[at];
    if (written?.timeMs !== timeMs || written.sequence !== sequence) {
      written = { timeMs, sequence, value: undefined, bytes: undefined };
      if (at === list.length) list.push(written);
      else list.splice(at, 0, written);
    }
    const previous: Previous = { written, value: written.value };
    const grown = written.bytes === undefined ? key.length + 12 + (bytes?.length ?? 0) : 0;
    this.#effects.wrote(this, key, previous, written.bytes, grown);
    written.value = value;
    written.bytes = bytes;
  }
}

interface Previous {
  readonly written: Written;
  readonly value: unknown;
}

const NONE: readonly Written[] = [];

function* present<V>(written: Written | undefined): Generator<WindowEntry<V>> {
  if (written?.bytes) yield { timeMs: written.timeMs, sequence: written.sequence, value: written.value as V };
}

function isAt(written: Written | undefined, timeMs: number, sequence: number): boolean {
  return written !== undefined && written.timeMs === timeMs && written.sequence === sequence;
}

/** The index of the first entry that is not before this time and sequence. */
function placeOf(list: readonly Written[], timeMs: number, sequence: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = list[middle];
    const before =
      entry !== undefined &&
      (entry.timeMs < timeMs || (entry.timeMs === timeMs && entry.sequence < sequence));
    if (before) low = middle + 1;
    else high = middle;
  }
  return low;
}
