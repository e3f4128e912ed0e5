import type { StoreLayout } from '../topology/names.ts';
import type { LocalState } from './local-state.ts';

/**
 * Which window store lies in segments of another width than it is now asked for, as a sentence; null: none. Durations
 * are configuration and may change; a local copy's segments cannot, so the copy is rebuilt from the log, whose keys
 * hold whole times.
 */
export function otherWidths(state: LocalState, layouts: readonly StoreLayout[]): string | null {
  for (const { kind, store, segmentMs } of layouts) {
    if (kind !== 'window') continue;
    const present = state.window(store).segmentMs;
    if (present === undefined || present === segmentMs) continue;
    return `the segments of ${store} are ${present} ms wide and shall be ${segmentMs}`;
  }
  return null;
}
