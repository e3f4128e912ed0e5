import type { LogRecord } from '../log-port.ts';
import type { KeyedChange, LocalState, WindowChange } from '../store/local-state.ts';
import { decodeWindowKey } from '../store/window-key.ts';
import { type StoreLayout, timersByDueStore } from '../topology/names.ts';
import { reordered } from './timers.ts';

export interface RestoredChange {
  readonly keyed: readonly KeyedChange[];
  readonly windows: readonly WindowChange[];
}

/**
 * What a stretch of a changelog does to the local state, which must hold all that lies before it: the order of the
 * timers by due time is derived from what the index held.
 */
export function restoredChange(
  { kind, store, segmentMs, topology }: StoreLayout,
  records: readonly LogRecord[],
  state: LocalState,
): RestoredChange {
  const last = new Map<string, LogRecord>();
  for (const record of records) if (record.key !== null) last.set(record.key.toString('latin1'), record);
  if (kind === 'window')
    return { keyed: [], windows: [{ store, segmentMs, entries: windowEntries(last.values()) }] };
  const entries = [...last.values()].map(({ key, value }): readonly [string, Buffer | null] => [
    (key ?? NO_BYTES).toString(),
    value,
  ]);
  if (kind === 'keyed') return { keyed: [{ store, entries }], windows: [] };
  const index = state.keyed(store);
  const order = entries.flatMap(([key, value]) => reordered(key, index.get(key), value));
  return {
    keyed: [
      { store, entries },
      { store: timersByDueStore(topology), entries: order },
    ],
    windows: [],
  };
}

const NO_BYTES = Buffer.alloc(0);

function windowEntries(records: Iterable<LogRecord>): WindowChange['entries'] {
  return Array.from(records, ({ key, value }) => ({ ...decodeWindowKey(key ?? NO_BYTES), value }));
}
