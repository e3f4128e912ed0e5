import { StreamsError } from '../errors.ts';
import type { StateChange, StateMark } from './local-state.ts';

/**
 * Every apply names the sequence it builds on, so that a process which slept between commit and apply cannot write
 * over what its successor has applied meanwhile.
 */
export function requireFollows(mark: StateMark | null, change: StateChange): void {
  const present = mark?.sequence ?? 0;
  if (change.from === present && change.mark.sequence > present) return;
  const message = `the local copy stands at ${present}, the change leads from ${change.from} to ${change.mark.sequence}`;
  throw new StreamsError('ZT-STREAMS-APPLIED-BY-ANOTHER', message);
}

/** A store keeps the width of its segments: with another it would look for entries in the wrong ones. */
export function requireSegmentMs(store: string, present: number, asked: number): void {
  if (present === asked) return;
  const message = `the segments of ${store} are ${present} ms wide, not ${asked}: clear the copy or name a new store`;
  throw new StreamsError('ZT-STREAMS-SEGMENT-WIDTH', message);
}

/** Reads a stored mark; null when it is none. */
export function parseMark(bytes: Buffer): StateMark | null {
  const mark: unknown = JSON.parse(bytes.toString());
  return isMark(mark) ? mark : null;
}

function isMark(mark: unknown): mark is StateMark {
  if (typeof mark !== 'object' || mark === null) return false;
  if (!('sequence' in mark && 'changelogs' in mark && 'atEndMs' in mark)) return false;
  const { sequence, changelogs, atEndMs } = mark;
  if (typeof sequence !== 'number' || typeof atEndMs !== 'number') return false;
  if (typeof changelogs !== 'object' || changelogs === null) return false;
  return Object.values(changelogs).every((offset) => typeof offset === 'number');
}
