import type { LocalWindow, WindowBytes, WindowChange } from './local-state.ts';
import { encodeWindowKey } from './window-key.ts';

type Entries = WindowBytes[];

/** One window store in memory: by segment, then by key, in the order of time and sequence. */
export class MemoryWindow implements LocalWindow {
  readonly #segments = new Map<number, Map<string, Entries>>();
  segmentMs: number | undefined;
  bytes = 0;
  #held = 0;

  get(key: string, timeMs: number, sequence: number): Buffer | undefined {
    const entries = this.#segments.get(this.#segmentOf(timeMs))?.get(key);
    const found = entries?.[placeOf(entries, timeMs, sequence)];
    return found?.timeMs === timeMs && found.sequence === sequence ? found.value : undefined;
  }

  *fetch(key: string, fromMs: number, toMs: number): Generator<WindowBytes> {
    const first = this.#segmentOf(fromMs);
    for (const segment of this.#ordered()) {
      if (segment < first || segment > toMs) continue;
      const entries = this.#segments.get(segment)?.get(key) ?? [];
      for (let at = placeOf(entries, fromMs, 0); at < entries.length; at += 1) {
        const entry = entries[at];
        if (entry === undefined || entry.timeMs > toMs) break;
        yield entry;
      }
    }
  }

  write({ segmentMs, entries, dropBeforeMs }: WindowChange): void {
    this.segmentMs ??= segmentMs;
    for (const { key, timeMs, sequence, value } of entries) {
      if (value === null) this.#remove(key, timeMs, sequence);
      else this.#put(key, { timeMs, sequence, value });
    }
    if (dropBeforeMs !== undefined) this.#dropBefore(dropBeforeMs);
  }

  count(): number {
    return this.#held;
  }

  *entries(): Generator<readonly [key: Buffer, value: Buffer]> {
    for (const segment of this.#ordered()) {
      for (const [key, entries] of this.#segments.get(segment) ?? []) {
        for (const { timeMs, sequence, value } of entries)
          yield [encodeWindowKey(key, timeMs, sequence), value];
      }
    }
  }

  clear(): void {
    this.#segments.clear();
    this.segmentMs = undefined;
    this.bytes = 0;
    this.#held = 0;
  }

  #segmentOf(timeMs: number): number {
    const segmentMs = this.segmentMs ?? 1;
    return Math.floor(timeMs / segmentMs) * segmentMs;
  }

  #ordered(): number[] {
    return [...this.#segments.keys()].sort((left, right) => left - right);
  }

  #put(key: string, entry: WindowBytes): void {
    const segment = this.#segmentOf(entry.timeMs);
    const keys = this.#segments.get(segment) ?? new Map<string, Entries>();
    this.#segments.set(segment, keys);
    const entries = keys.get(key) ?? [];
    keys.set(key, entries);
    const at = placeOf(entries, entry.timeMs, entry.sequence);
    const previous = entries[at];
    const replaces = previous?.timeMs === entry.timeMs && previous.sequence === entry.sequence ? 1 : 0;
    entries.splice(at, replaces, entry);
    this.#count(key, entry, 1);
    if (replaces === 1 && previous !== undefined) this.#count(key, previous, -1);
  }

  #remove(key: string, timeMs: number, sequence: number): void {
    const keys = this.#segments.get(this.#segmentOf(timeMs));
    const entries = keys?.get(key) ?? [];
    const at = placeOf(entries, timeMs, sequence);
    const found = entries[at];
    if (found?.timeMs !== timeMs || found.sequence !== sequence) return;
    entries.splice(at, 1);
    this.#count(key, found, -1);
    if (entries.length === 0) keys?.delete(key);
  }

  #dropBefore(dropBeforeMs: number): void {
    for (const [segment, keys] of this.#segments) {
      if (segment + (this.segmentMs ?? 1) > dropBeforeMs) continue;
      this.#segments.delete(segment);
      for (const [key, entries] of keys) for (const entry of entries) this.#count(key, entry, -1);
    }
  }

  #count(key: string, { value }: WindowBytes, by: 1 | -1): void {
    this.#held += by;
    this.bytes += by * (key.length + value.length);
  }
}

/** The index of the first entry that is not before this time and sequence. */
function placeOf(entries: readonly WindowBytes[], timeMs: number, sequence: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = entries[middle];
    const isBefore =
      entry !== undefined &&
      (entry.timeMs < timeMs || (entry.timeMs === timeMs && entry.sequence < sequence));
    if (isBefore) low = middle + 1;
    else high = middle;
  }
  return low;
}
