import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf, StreamsError } from '../errors.ts';

export interface DirectoryLock {
  release(): void;
}

/** Without a reference the lock would be collected as garbage, and be free. */
const held = new Set<DatabaseSync>();

/**
 * Keeps a directory for this process alone, until it releases it or dies: then the operating system lets go, at
 * once and whatever the process died of. SQLite's exclusive lock is used because Node has no file locks of its own.
 * A disk that is mounted over the network may not keep such locks: use a local one.
 *
 * @throws ZT-STREAMS-DIRECTORY-LOCKED with the name of the holder when another process, or this one, holds it.
 * @throws ZT-STREAMS-STATE-DIRECTORY when the directory cannot be made or written to.
 */
export function lockStateDirectory(directory: string): DirectoryLock {
  const database = usable(directory, () => {
    makeDirectory(resolve(directory));
    return new DatabaseSync(join(directory, 'lock'));
  });
  try {
    usable(directory, () => take(database, directory));
  } catch (error) {
    database.close();
    throw error;
  }
  held.add(database);
  return {
    release: () => {
      if (held.delete(database)) database.close();
    },
  };
}

/** One level at a time: where a file system takes no directories, Node's own recursive way never returns. */
function makeDirectory(directory: string): void {
  if (existsSync(directory)) {
    if (!statSync(directory).isDirectory()) throw new Error(`${directory} is a file`);
    return;
  }
  makeDirectory(dirname(directory));
  try {
    mkdirSync(directory);
  } catch (error) {
    // Another process may have been quicker.
    if (!existsSync(directory)) throw error;
  }
}

function take(database: DatabaseSync, directory: string): void {
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE; COMMIT');
  const holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  writeFileSync(join(directory, 'holder.json'), JSON.stringify(holder));
}

function usable<T>(directory: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isBusy(error)) throw lockedError(directory);
    const remedy = 'give a state directory on a disk of this machine that this user may write to';
    const message = `the state directory ${directory} cannot be used (${messageOf(error)}): ${remedy}`;
    throw new StreamsError('ZT-STREAMS-STATE-DIRECTORY', message, error);
  }
}

const sqliteBusy = 5;

function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === sqliteBusy;
}

function lockedError(directory: string): StreamsError {
  const message = `the state directory ${directory} belongs to ${holderOf(directory)}: give each process an instance name of its own`;
  return new StreamsError('ZT-STREAMS-DIRECTORY-LOCKED', message);
}

function holderOf(directory: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(join(directory, 'holder.json'), 'utf8'));
    return `process ${pid} on ${host} since ${since}`;
  } catch {
    return 'a process that has not said its name yet';
  }
}
