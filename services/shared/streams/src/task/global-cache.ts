import type { GlobalStore } from '../context.ts';
import type { Serde } from '../serde.ts';
import type { GlobalView } from './types.ts';

const CACHED_VALUES = 10_000;

interface Decoded<V> {
  readonly bytes: Buffer;
  readonly value: V;
}

/** A global table's values, decoded once for as long as their bytes stay the same. */
export class GlobalCache<V> implements GlobalStore<V> {
  readonly #serde: Serde<V>;
  readonly #view: GlobalView;
  #decoded = new Map<string, Decoded<V>>();

  constructor(serde: Serde<V>, view: GlobalView) {
    this.#serde = serde;
    this.#view = view;
  }

  get(key: string): V | undefined {
    const bytes = this.#view.get(key);
    if (bytes === undefined) return undefined;
    const known = this.#decoded.get(key);
    if (known !== undefined && (known.bytes === bytes || known.bytes.equals(bytes))) return known.value;
    const value = this.#serde.decode(bytes);
    if (this.#decoded.size >= CACHED_VALUES) this.#decoded = new Map();
    this.#decoded.set(key, { bytes, value });
    return value;
  }
}
