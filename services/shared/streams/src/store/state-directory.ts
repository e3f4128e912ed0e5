import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StreamsError } from '../errors.ts';
import { type DirectoryLock, lockStateDirectory } from './directory-lock.ts';
import { openLmdbState } from './lmdb-state.ts';
import type { LocalState } from './local-state.ts';
import { createMemoryState } from './memory-state.ts';
import { isTrusted, markFlushed, markOpen } from './trust.ts';

/** The local copies of one application in one process. */
export interface StateDirectory {
  /** Copies were found that may be torn (the machine lost its power): they are deleted, their tasks start empty. */
  readonly distrusted: boolean;
  /** The copy of a task. */
  open(partition: number): LocalState;
  /** The copy of a whole table topic, shared by all tasks of the process. */
  openGlobal(topic: string): LocalState;
  /** Partitions with a copy that can be trusted, in order. */
  warm(): readonly number[];
  /** Deletes all copies; none may be open. */
  reset(): void;
  /** Brings the copies to the disk and gives the directory up; none may be open. */
  close(): Promise<void>;
}

export interface StateDirectoryOptions {
  /** Of the machine's own disk. Several processes may share it: each has a directory of its own in it. */
  readonly directory: string;
  readonly application: { readonly name: string };
  /** The stable name of this process among those of the application. */
  readonly instance: string;
}

/**
 * Opens `<directory>/<instance>/<application>/` for this process alone, with a directory for each task's partition.
 *
 * @throws ZT-STREAMS-DIRECTORY-LOCKED when another process has it.
 * @throws ZT-STREAMS-STATE-DIRECTORY when it cannot be made or written to.
 */
export async function openStateDirectory(options: StateDirectoryOptions): Promise<StateDirectory> {
  const { directory, application, instance } = options;
  requireName(instance);
  requireName(application.name);
  const own = join(directory, instance, application.name);
  const lock = lockStateDirectory(own);
  try {
    const distrusted = copiesIn(own).length > 0 && !isTrusted(own);
    if (distrusted) deleteCopies(own);
    markOpen(own);
    return new LmdbDirectory(own, lock, distrusted, await warmPartitions(own));
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Copies that live as long as the process. */
export function memoryStates(): StateDirectory {
  const states = new Map<number | string, LocalState>();
  const open = (name: number | string): LocalState => {
    const state = states.get(name) ?? createMemoryState();
    states.set(name, state);
    return state;
  };
  return {
    distrusted: false,
    open,
    openGlobal: open,
    warm: () =>
      [...states].flatMap(([name, { mark }]) => (typeof name === 'number' && mark !== null ? [name] : [])),
    reset: () => states.clear(),
    close: async () => {},
  };
}

class LmdbDirectory implements StateDirectory {
  readonly distrusted: boolean;
  readonly #own: string;
  readonly #lock: DirectoryLock;
  /** Partitions whose copies have a mark, as far as they were not opened since. */
  readonly #found: Set<number>;
  readonly #opened = new Map<number, LocalState>();

  constructor(own: string, lock: DirectoryLock, distrusted: boolean, found: Set<number>) {
    this.#own = own;
    this.#lock = lock;
    this.distrusted = distrusted;
    this.#found = found;
  }

  open(partition: number): LocalState {
    const state = openLmdbState(join(this.#own, String(partition)));
    this.#opened.set(partition, state);
    this.#found.delete(partition);
    return state;
  }

  openGlobal(topic: string): LocalState {
    return openLmdbState(join(this.#own, `${globalPrefix}${topic}`));
  }

  warm(): readonly number[] {
    const opened = [...this.#opened].flatMap(([partition, { mark }]) => (mark === null ? [] : [partition]));
    return [...this.#found, ...opened].sort((left, right) => left - right);
  }

  reset(): void {
    deleteCopies(this.#own);
    this.#found.clear();
    this.#opened.clear();
  }

  async close(): Promise<void> {
    try {
      const files = copiesIn(this.#own).map((name) => join(this.#own, name, 'data.mdb'));
      await markFlushed(
        this.#own,
        files.filter((file) => existsSync(file)),
      );
    } finally {
      this.#lock.release();
    }
  }
}

const globalPrefix = 'global-';

/** Names of the copies' directories. */
function copiesIn(own: string): string[] {
  return readdirSync(own).filter((name) => /^\d+$/.test(name) || name.startsWith(globalPrefix));
}

function deleteCopies(own: string): void {
  for (const name of copiesIn(own)) rmSync(join(own, name), { recursive: true });
}

async function warmPartitions(own: string): Promise<Set<number>> {
  const warm = new Set<number>();
  for (const name of copiesIn(own).filter((each) => !each.startsWith(globalPrefix))) {
    const state = openLmdbState(join(own, name));
    if (state.mark !== null) warm.add(Number(name));
    await state.close();
  }
  return warm;
}

/** Whether a process may be called so: the name becomes a directory. */
export function isInstanceName(name: string): boolean {
  return /^[\w-][\w.-]*$/.test(name);
}

function requireName(name: string): void {
  if (isInstanceName(name)) return;
  const message = `"${name}" cannot be a directory's name: letters, digits, dots, dashes and underscores can`;
  throw new StreamsError('ZT-STREAMS-INSTANCE-NAME', message);
}
