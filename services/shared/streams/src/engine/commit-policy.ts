import type { EngineLimits } from './options.ts';

export interface Uncommitted {
  readonly changed: boolean;
  readonly records: number;
  readonly bytes: number;
  /** Every input stands at its end. */
  readonly drained: boolean;
  /** Since the last commit began. */
  readonly sinceMs: number;
}

/**
 * How long to wait with the next commit; 0 is now, null is that there is nothing to commit. Soon when there is no
 * more to come, so that a single record is visible at once; seldom under load, where a transaction costs more than
 * the records in it.
 */
export function commitWaitMs(state: Uncommitted, limits: EngineLimits): number | null {
  if (!state.changed) return null;
  if (state.records >= limits.commitRecords || state.bytes >= limits.commitBytes) return 0;
  const interval = state.drained ? limits.drainedCommitMs : limits.commitMs;
  return Math.max(0, interval - state.sinceMs);
}
