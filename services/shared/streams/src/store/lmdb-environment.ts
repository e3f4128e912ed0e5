import { statfsSync } from 'node:fs';
import { type Database, type Key, open, type RootDatabase, type RootDatabaseOptions } from 'lmdb';
import { StreamsError } from '../errors.ts';

/** How the keys of one database become bytes; bytes decide the order. */
export interface KeyEncoder<K> {
  writeKey(key: K, target: Buffer, at: number): number;
  readKey(bytes: Buffer, start: number, end: number): K;
}

/** Segments are databases too: a hundred stores of twenty segments. */
const maxDatabases = 2000;
/** What must stay free on the disk: see `requireRoom`. */
const reservedBytes = 64 * 1024 * 1024;
/** Committed when the call returns. */
const synchronousCommit = 2;

/**
 * One lmdb environment: a file that holds many databases and changes in transactions.
 *
 * Without any fsync a commit is safe from the death of the process, at every moment: pages are never changed in
 * place, and the page that makes a commit valid is written last. It is not safe from a power loss, where the disk
 * may have kept the later write and lost the earlier; who opens the directory knows about that (trust.ts). Pages are
 * written through the memory map, which takes half the time of writing them one by one.
 */
export class LmdbEnvironment {
  readonly #directory: string;
  readonly #root: RootDatabase<Buffer, Uint8Array>;
  #closed = false;

  constructor(directory: string) {
    this.#directory = directory;
    this.#root = open<Buffer, Uint8Array>({
      path: directory,
      encoding: 'binary',
      keyEncoding: 'binary',
      cache: false,
      maxDbs: maxDatabases,
      noSync: true,
      overlappingSync: false,
      useWritemap: true,
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Names of the databases in the file. */
  names(): string[] {
    // They are kept with the zero byte that ends a text in C.
    return Array.from(this.#root.getKeys(), (name) => Buffer.from(name).toString().replace(/\0$/, ''));
  }

  /** Opens a database, or creates it. Not within a transaction. */
  database<K extends Key>(name: string, keys: KeyEncoder<K>): Database<Buffer, K> {
    const options: RootDatabaseOptions = { encoding: 'binary', cache: false, keyEncoder: keys };
    return this.#root.openDB<Buffer, K>(name, options);
  }

  /** Runs the changes as one transaction; what throws takes all of it back. */
  transaction(changes: () => void): void {
    if (this.#closed) throw closedError(this.#directory);
    this.#requireRoom();
    this.#root.transactionSync(changes, synchronousCommit);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#root.close();
  }

  /** Writing through the map to a full disk would end the process by a signal, without a word. */
  #requireRoom(): void {
    const { bavail, bsize } = statfsSync(this.#directory);
    if (bavail * bsize >= reservedBytes) return;
    const message = `less than ${reservedBytes} bytes are free for the state in ${this.#directory}`;
    throw new StreamsError('ZT-STREAMS-DISK-FULL', message);
  }
}

/** Reads a value into memory of its own; lmdb's own buffer is used again by the next read. */
export function readValue<K extends Key>(database: Database<Buffer, K>, key: K): Buffer | undefined {
  const found = database.getBinaryFast(key);
  if (found === undefined) return undefined;
  // Its `length` is that of the value, its `byteLength` that of the whole buffer.
  const length = found.length;
  const value = Buffer.allocUnsafe(length);
  found.copy(value, 0, 0, length);
  return value;
}

/**
 * Reads ranges of a database. Building lmdb's iterable costs as much as reading a few entries with it; it looks at
 * its bounds when it begins, so one is built and used with ever other bounds.
 */
export class Ranges<K extends Key> {
  readonly #database: Database<Buffer, K>;
  #bounds: { start: K; end: K } | null = null;
  #entries: Iterable<{ key: K; value: Buffer }> = [];

  constructor(database: Database<Buffer, K>) {
    this.#database = database;
  }

  /** Entries from `start` on, before `end`. To be begun before another range of the database is asked for. */
  between(start: K, end?: K): Iterable<{ key: K; value: Buffer }> {
    if (end === undefined) return this.#database.getRange({ start });
    if (this.#bounds === null) {
      this.#bounds = { start, end };
      this.#entries = this.#database.getRange(this.#bounds);
    }
    this.#bounds.start = start;
    this.#bounds.end = end;
    return this.#entries;
  }
}

export interface StoreSize {
  readonly bytes: number;
  readonly entries: number;
}

/** What a database takes in the file, and how many entries it has. */
export function sizeOf<K extends Key>(database: Database<Buffer, K>): StoreSize {
  const stats: DatabaseStats = database.getStats();
  const { pageSize = 0, treeBranchPageCount = 0, treeLeafPageCount = 0, overflowPages = 0 } = stats;
  const pages = treeBranchPageCount + treeLeafPageCount + overflowPages;
  return { bytes: pages * pageSize, entries: stats.entryCount ?? 0 };
}

interface DatabaseStats {
  readonly pageSize?: number;
  readonly treeBranchPageCount?: number;
  readonly treeLeafPageCount?: number;
  readonly overflowPages?: number;
  readonly entryCount?: number;
}

function closedError(directory: string): StreamsError {
  return new StreamsError('ZT-STREAMS-STATE-CLOSED', `the state in ${directory} is closed`);
}
