import type { Log, LogReader, Place } from '../log-port.ts';
import type { LocalState } from '../store/local-state.ts';
import { createMemoryState } from '../store/memory-state.ts';
import { openStateDirectory } from '../store/state-directory.ts';
import { decodeWindowKey } from '../store/window-key.ts';
import { type StoreLayout, storeLayouts } from '../topology/names.ts';
import type { Application } from '../topology/types.ts';
import { defaultLimits } from './options.ts';
import { restore } from './restore.ts';

export interface CompareOptions {
  readonly application: Application;
  readonly log: Pick<Log, 'createReader'>;
  readonly stateDirectory: string;
  readonly instance: string;
}

export interface Comparison {
  readonly partition: number;
  readonly store: string;
  /** Of the rebuild. */
  readonly entries: number;
  /** Keys that only one of them has, or whose values differ. */
  readonly differences: number;
}

/**
 * Compares each local copy that stands at the ends of its changelogs with one that is rebuilt from them in memory: for
 * proofs, and for tools that doubt a machine. The process that the directory belongs to must have ended. Of windows, only what
 * is inside the retention counts: what is older leaves copies and log at different times.
 */
export async function compareWithRebuild(options: CompareOptions): Promise<Comparison[]> {
  const states = await openStateDirectory({ ...options, directory: options.stateDirectory });
  const reader = options.log.createReader();
  const layouts = storeLayouts(options.application);
  const found: Comparison[] = [];
  try {
    for (const partition of states.warm()) {
      const copy = states.open(partition);
      if (await standsAtEnds(copy, reader, layouts, partition)) {
        const rebuilt = await rebuild(reader, layouts, partition);
        for (const layout of layouts) found.push({ partition, ...compare(layout, copy, rebuilt) });
      }
      await copy.close();
    }
  } finally {
    await reader.close();
    await states.close();
  }
  return found;
}

async function standsAtEnds(
  copy: LocalState,
  reader: LogReader,
  layouts: readonly StoreLayout[],
  partition: number,
): Promise<boolean> {
  const places = layouts.map(({ changelog }) => ({ topic: changelog, partition }));
  for (const { topic, end } of await reader.bounds(places)) {
    const at = copy.mark?.changelogs[topic];
    if (at === undefined || (await hasRecords(reader, { topic, partition }, at, end))) return false;
  }
  return true;
}

/** What lies between may be markers alone: a commit ends with one. */
async function hasRecords(reader: LogReader, place: Place, from: number, end: number): Promise<boolean> {
  for (let offset = from; offset < end; ) {
    const page = await reader.read(place, offset);
    if (page === null || page.records.length > 0) return true;
    offset = page.nextOffset;
  }
  return false;
}

async function rebuild(
  reader: LogReader,
  layouts: readonly StoreLayout[],
  partition: number,
): Promise<LocalState> {
  const state = createMemoryState();
  const say = (): void => undefined;
  await restore({
    reader,
    state,
    layouts,
    partition,
    clock: Date.now,
    deleteRetentionMs: defaultLimits.deleteRetentionMs,
    logger: { debug: say, info: say, warn: say, error: say },
    onProgress: say,
    signal: new AbortController().signal,
  });
  return state;
}

function compare(layout: StoreLayout, copy: LocalState, rebuilt: LocalState): Omit<Comparison, 'partition'> {
  const mine = contentOf(layout, copy);
  const theirs = contentOf(layout, rebuilt);
  const newestMs = Math.max(...[mine, theirs].map(({ newestMs: each }) => each));
  const fromMs = layout.kind === 'window' ? newestMs - layout.retentionMs : Number.NEGATIVE_INFINITY;
  let differences = 0;
  let entries = 0;
  for (const [key, { value, timeMs }] of theirs.values) {
    if (timeMs < fromMs) continue;
    entries += 1;
    if (mine.values.get(key)?.value.equals(value) !== true) differences += 1;
  }
  for (const [key, { timeMs }] of mine.values) {
    if (timeMs >= fromMs && !theirs.values.has(key)) differences += 1;
  }
  return { store: layout.store, entries, differences };
}

interface Content {
  readonly values: ReadonlyMap<string, { readonly value: Buffer; readonly timeMs: number }>;
  readonly newestMs: number;
}

function contentOf({ store, kind }: StoreLayout, state: LocalState): Content {
  const values = new Map<string, { value: Buffer; timeMs: number }>();
  let newestMs = 0;
  for (const [key, value] of state.entries(store)) {
    const timeMs = kind === 'window' ? decodeWindowKey(key).timeMs : 0;
    newestMs = Math.max(newestMs, timeMs);
    values.set(key.toString('latin1'), { value: Buffer.from(value), timeMs });
  }
  return { values, newestMs };
}
