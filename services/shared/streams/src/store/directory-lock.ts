import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StreamsError } from '../errors.ts';

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
 */
export function lockStateDirectory(directory: string): DirectoryLock {
  mkdirSync(directory, { recursive: true });
  const database = new DatabaseSync(join(directory, 'lock'));
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE; COMMIT');
  } catch (error) {
    database.close();
    throw isBusy(error) ? lockedError(directory) : error;
  }
  const holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  writeFileSync(join(directory, 'holder.json'), JSON.stringify(holder));
  held.add(database);
  return {
    release: () => {
      if (held.delete(database)) database.close();
    },
  };
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
