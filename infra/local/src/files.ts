import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { localError } from './errors.ts';

/** Readers see the old content or the new, never half of it. */
export async function writeAtomically(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID().slice(0, 8)}`;
  await writeFile(draft, content);
  await rename(draft, path);
}

/** The file's text, or undefined when there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
}

/** The `code` of a system error (`ENOENT`, …), or undefined. */
export function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}

/**
 * Runs `work` while holding `<path>.lock`, so that two processes that read, change and write one file do not
 * lose each other's change. A lock older than `staleMs` belongs to a process that died.
 */
export async function withLock<T>(path: string, staleMs: number, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  await mkdir(dirname(lock), { recursive: true });
  const deadline = Date.now() + staleMs * 2;
  while (!(await tryLock(lock))) {
    const since = await stat(lock).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (since > staleMs) await rm(lock, { recursive: true, force: true });
    else if (Date.now() > deadline) {
      throw localError('ZT-LOCAL-LOCK', `${lock} is held by another process`);
    } else await sleep(20);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function tryLock(lock: string): Promise<boolean> {
  return mkdir(lock).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    },
  );
}
