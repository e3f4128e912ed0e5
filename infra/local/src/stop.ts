import { resolve } from 'node:path';
import { foldersOf } from './part.ts';
import { birthOf, end } from './processes.ts';
import { isSupervised, readState } from './state.ts';

const limitMs = 90_000;

/** Ends the embedded stack of this directory, whoever started it. Returns whether there was one. */
export async function stopStack(directory: string, run?: string): Promise<boolean> {
  const state = readState(foldersOf(resolve(directory), run));
  if (state === undefined) return false;
  const lived = isSupervised(state);
  if (lived) await end(state.pid, 'SIGTERM', limitMs);
  // If the supervisor had been killed, or has just been, its parts are still there.
  const left = state.parts.filter(({ pid, birth }) => pid !== 0 && birthOf(pid) === birth);
  await Promise.all(left.map(({ pid }) => end(pid, 'SIGTERM', limitMs / 3)));
  return lived || left.length > 0;
}
