import { resolve } from 'node:path';
import { leftBehind } from './leftovers.ts';
import { foldersOf } from './part.ts';
import { end } from './processes.ts';
import { isSupervised, readState } from './state.ts';

const limitMs = 90_000;

/**
 * Ends the embedded stack of this directory, whoever started it, whatever has become of its notes. Returns whether
 * there was one.
 */
export async function stopStack(directory: string, run?: string): Promise<boolean> {
  const folders = foldersOf(resolve(directory), run);
  const state = readState(folders);
  const lived = state !== undefined && isSupervised(state);
  if (lived) await end(state.pid, 'SIGTERM', limitMs);
  // If the supervisor had been killed, or has just been, its parts are still there.
  const left = leftBehind(folders, state);
  for (const { name, pid } of left) if (name === 'supervisor') await end(pid, 'SIGTERM', limitMs);
  await Promise.all(left.map(({ pid }) => end(pid, 'SIGTERM', limitMs / 3)));
  return lived || left.length > 0;
}
