import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';

/**
 * Whether the files in a directory are whole. They are written without waiting for the disk, so after a power loss
 * they may be torn without a sign of it. What was written since the machine was started is whole in any case, even
 * by a process that died: the system keeps it. So is what was flushed at an orderly end.
 */
interface Trust {
  /** The start of the machine that the files were last open in. */
  readonly boot: Boot;
  /** Nothing has been written since everything was flushed. */
  readonly flushed: boolean;
}

/** Its name, where the system gives it one (Linux); else when it was, in seconds since 1970. */
type Boot = string | number;

const fileName = 'trust.json';

/** To be asked before a directory's files are opened. */
export function isTrusted(directory: string, boot: Boot = presentBoot()): boolean {
  const trust = readTrust(directory);
  return trust !== null && (trust.flushed || isSameBoot(trust.boot, boot));
}

/** Says, on the disk, that files are open from now on: before the first of them is written. */
export function markOpen(directory: string, boot: Boot = presentBoot()): void {
  writeTrust(directory, { boot, flushed: false });
}

/** Says that all is on the disk, after it has been brought there. No file may be written any more. */
export async function markFlushed(directory: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const handle = await open(file, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
  writeTrust(directory, { boot: presentBoot(), flushed: true });
}

function readTrust(directory: string): Trust | null {
  try {
    const { boot, flushed }: Partial<Trust> = JSON.parse(readFileSync(join(directory, fileName), 'utf8'));
    return boot === undefined ? null : { boot, flushed: flushed === true };
  } catch {
    return null;
  }
}

function writeTrust(directory: string, trust: Trust): void {
  const next = join(directory, `${fileName}.next`);
  writeDurably(next, JSON.stringify(trust));
  renameSync(next, join(directory, fileName));
  flushDirectory(directory);
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'w');
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes the renaming last. Windows cannot do it, and does not need it. */
function flushDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function presentBoot(): Boot {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return Date.now() / 1000 - uptime();
  }
}

/**
 * Two starts lie farther apart than ten seconds, or this process would not have run in between. A clock that was set
 * by more makes good files look torn; that only costs a rebuild.
 */
function isSameBoot(left: Boot, right: Boot): boolean {
  if (typeof left === 'number' && typeof right === 'number') return Math.abs(left - right) < 10;
  return left === right;
}
