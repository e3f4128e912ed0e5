import { compareKeys } from './key-order.ts';
import type { KeyedChange, LocalKeyed } from './local-state.ts';

/** One keyed store in memory. The order of its keys is worked out when it is first asked for, then kept. */
export class MemoryKeyed implements LocalKeyed {
  readonly #values = new Map<string, Buffer>();
  #ordered: string[] | null = null;
  bytes = 0;

  count(): number {
    return this.#values.size;
  }

  get(key: string): Buffer | undefined {
    return this.#values.get(key);
  }

  *range(from?: string, to?: string): Generator<readonly [key: string, value: Buffer]> {
    this.#ordered ??= [...this.#values.keys()].sort(compareKeys);
    const ordered = this.#ordered;
    for (let at = from === undefined ? 0 : placeOf(ordered, from); at < ordered.length; at += 1) {
      const key = ordered[at];
      if (key === undefined || (to !== undefined && compareKeys(key, to) >= 0)) return;
      const value = this.#values.get(key);
      if (value !== undefined) yield [key, value];
    }
  }

  write(entries: KeyedChange['entries']): void {
    for (const [key, value] of entries) {
      const previous = this.#values.get(key);
      if (value === null) this.#remove(key, previous);
      else this.#put(key, value, previous);
    }
  }

  clear(): void {
    this.#values.clear();
    this.#ordered = null;
    this.bytes = 0;
  }

  #put(key: string, value: Buffer, previous: Buffer | undefined): void {
    this.#values.set(key, value);
    this.bytes += value.length - (previous?.length ?? -key.length);
    if (previous === undefined) this.#ordered?.splice(placeOf(this.#ordered, key), 0, key);
  }

  #remove(key: string, previous: Buffer | undefined): void {
    if (previous === undefined) return;
    this.#values.delete(key);
    this.bytes -= key.length + previous.length;
    this.#ordered?.splice(placeOf(this.#ordered, key), 1);
  }
}

/** The index of the first key that is not before this one. */
function placeOf(ordered: readonly string[], key: string): number {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(ordered[middle] ?? '', key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
