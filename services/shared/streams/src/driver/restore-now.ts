import type { Place } from '../log-port.ts';
import type { LocalState } from '../store/local-state.ts';
import { otherWidths } from '../store/segment-widths.ts';
import { restoredChange } from '../task/restore.ts';
import type { StoreLayout } from '../topology/names.ts';
import type { DriverLog } from './driver-log.ts';

export interface RestoreParts {
  readonly log: DriverLog;
  readonly state: LocalState;
  readonly layouts: readonly StoreLayout[];
  readonly partition: number;
  readonly nowMs: number;
  readonly pageBytes: () => number;
  /** True: the process dies here, with what has been applied so far. */
  readonly crashes: () => boolean;
}

/** Brings a local copy to the ends of its changelogs, page by page; false when the process died meanwhile. */
export function restoreNow(parts: RestoreParts): boolean {
  const { log, state, layouts, partition } = parts;
  const isAhead = layouts.some(({ changelog }) => {
    const { stableEnd } = log.partition({ topic: changelog, partition });
    return (state.mark?.changelogs[changelog] ?? 0) > stableEnd;
  });
  if (isAhead || otherWidths(state, layouts) !== null) state.clear();
  for (const layout of layouts) if (!follow(parts, layout)) return false;
  apply(parts, state.mark?.changelogs ?? {}, { keyed: [], windows: [] });
  return true;
}

function follow(parts: RestoreParts, layout: StoreLayout): boolean {
  const { log, state, partition, pageBytes, crashes } = parts;
  const place: Place = { topic: layout.changelog, partition };
  const end = log.partition(place).stableEnd;
  let offset = state.mark?.changelogs[place.topic] ?? 0;
  while (offset < end) {
    const { records, nextOffset } = log.page(place, offset, pageBytes());
    const change = restoredChange(layout, records, state);
    apply(parts, { ...state.mark?.changelogs, [place.topic]: nextOffset }, change);
    if (crashes()) return false;
    offset = nextOffset;
  }
  return true;
}

function apply(
  { state, nowMs }: RestoreParts,
  changelogs: Readonly<Record<string, number>>,
  change: ReturnType<typeof restoredChange>,
): void {
  const from = state.mark?.sequence ?? 0;
  state.apply({ from, mark: { sequence: from + 1, changelogs, atEndMs: nowMs }, ...change });
}
