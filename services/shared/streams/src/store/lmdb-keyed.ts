import type { Database } from 'lmdb';
import { type KeyEncoder, Ranges, readValue, type StoreSize, sizeOf } from './lmdb-environment.ts';
import type { KeyedChange, LocalKeyed } from './local-state.ts';
import { isKeyStorable, requireKey, writeText } from './window-key.ts';

/** One byte in front of each key: lmdb knows no empty keys. */
const front = 0;

export const keyedKeys: KeyEncoder<string> = {
  writeKey(key, target, at) {
    target[at] = front;
    return writeText(key, target, at + 1);
  },
  readKey: (bytes, start, end) => bytes.toString('utf8', start + 1, end),
};

/** One keyed store: a database whose keys are those of the store, in the order of their bytes. */
export class LmdbKeyed implements LocalKeyed {
  readonly #database: Database<Buffer, string>;

  readonly #ranges: Ranges<string>;

  constructor(database: Database<Buffer, string>) {
    this.#database = database;
    this.#ranges = new Ranges(database);
  }

  get(key: string): Buffer | undefined {
    return isKeyStorable(key) ? readValue(this.#database, key) : undefined;
  }

  *range(from = '', to?: string): Generator<readonly [key: string, value: Buffer]> {
    for (const { key, value } of this.#ranges.between(from, to)) yield [key, value];
  }

  /** Within a transaction. */
  write(entries: KeyedChange['entries']): void {
    const database = this.#database;
    for (const [key, value] of entries) {
      requireKey(key);
      if (value === null) database.removeSync(key);
      else database.putSync(key, value);
    }
  }

  clear(): void {
    this.#database.clearSync();
  }

  count(): number {
    return sizeOf(this.#database).entries;
  }

  size(): StoreSize {
    return sizeOf(this.#database);
  }
}
