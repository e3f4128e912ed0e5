import { setImmediate as turn } from 'node:timers/promises';
import { StreamsError } from '../errors.ts';
import type { LogPage, LogReader, LogRecord, Place } from '../log-port.ts';
import type { LocalState, StateMark } from '../store/local-state.ts';
import { otherWidths } from '../store/segment-widths.ts';
import { restoredChange } from '../task/restore.ts';
import type { StoreLayout } from '../topology/names.ts';
import type { EngineLogger } from './options.ts';

export interface RestoreParts {
  readonly reader: LogReader;
  readonly state: LocalState;
  readonly layouts: readonly StoreLayout[];
  readonly partition: number;
  readonly clock: () => number;
  readonly deleteRetentionMs: number;
  readonly logger: EngineLogger;
  readonly onProgress: (remaining: number) => void;
  readonly signal: AbortSignal;
}

interface Tail {
  readonly layout: StoreLayout;
  readonly place: Place;
  readonly earliest: number;
  readonly end: number;
}

/** Records applied in one local transaction; more would hold the event loop too long. */
const chunkRecords = 1000;
const pageBytes = 1024 * 1024;

/**
 * Brings a local copy to the ends of its changelogs, which are taken here: after fencing, so nobody can write behind
 * them. It ends when the positions are there, never because nothing came: the tail may be a marker or compacted.
 */
export async function restore(parts: RestoreParts): Promise<void> {
  const startedMs = parts.clock();
  const tails = await tailsOf(parts);
  const logs = await parts.reader.identities(parts.layouts.map(({ changelog }) => changelog));
  const distrust = reasonToDistrust(parts, tails, logs, startedMs);
  if (distrust !== null) {
    const { partition } = parts;
    parts.logger.error(
      { partition, reason: distrust },
      'local copy is not usable and is rebuilt from the log',
    );
    parts.state.clear();
  }
  adopt(parts, logs, startedMs);
  const remaining = new Map(tails.map((tail) => [tail, Math.max(0, tail.end - startOf(parts, tail))]));
  const report = (tail: Tail, left: number): void => {
    remaining.set(tail, left);
    parts.onProgress([...remaining.values()].reduce((sum, each) => sum + each, 0));
  };
  await Promise.all(tails.map((tail) => follow(parts, tail, startedMs, report)));
  stamp(parts, tails, startedMs);
}

async function tailsOf({ reader, layouts, partition }: RestoreParts): Promise<Tail[]> {
  const places = layouts.map(({ changelog }) => ({ topic: changelog, partition }));
  const bounds = new Map((await reader.bounds(places)).map((bound) => [bound.topic, bound]));
  return layouts.flatMap((layout): Tail[] => {
    const bound = bounds.get(layout.changelog);
    if (bound === undefined) throw missing(layout.changelog);
    const { earliest, end } = bound;
    return [{ layout, place: { topic: layout.changelog, partition }, earliest, end }];
  });
}

/** Why what lies on this machine cannot be the beginning of what the log says; null when it can. */
function reasonToDistrust(
  { state, layouts, deleteRetentionMs }: RestoreParts,
  tails: readonly Tail[],
  logs: ReadonlyMap<string, string>,
  nowMs: number,
): string | null {
  const { mark } = state;
  if (mark === null) return state.size().entries > 0 ? 'it has no mark' : null;
  const widths = otherWidths(state, layouts);
  if (widths !== null) return widths;
  // Deletes older than this may have left the log; what they deleted would come back.
  if (nowMs - mark.atEndMs > deleteRetentionMs / 2) return 'it last stood at the end too long ago';
  for (const tail of tails) {
    const fault = faultOf(state, mark, tail, logs);
    if (fault !== null) return fault;
  }
  return null;
}

function faultOf(
  state: LocalState,
  mark: StateMark,
  { layout: { store }, place: { topic }, earliest, end }: Tail,
  logs: ReadonlyMap<string, string>,
): string | null {
  const at = mark.changelogs[topic];
  if (at === undefined) {
    // Of a topology that was gone for a while: nobody knows what has happened to its log since.
    for (const _entry of state.entries(store))
      return `it holds entries of ${store}, whose log it does not follow`;
    return null;
  }
  if (mark.logs?.[topic] !== logs.get(topic)) return `${topic} is another log than its own`;
  if (at > end) return `it is ahead of ${topic}: offset ${at}, end ${end}`;
  return at < earliest ? `${topic} begins at ${earliest}, behind its offset ${at}` : null;
}

/** Remembers, before anything is read of them, which logs these are. */
function adopt({ state, layouts }: RestoreParts, logs: ReadonlyMap<string, string>, startedMs: number): void {
  if (layouts.length === 0) return;
  const { sequence, changelogs, atEndMs } = state.mark ?? { sequence: 0, changelogs: {}, atEndMs: startedMs };
  const mark = { sequence: sequence + 1, changelogs, logs: Object.fromEntries(logs), atEndMs };
  state.apply({ from: sequence, mark, keyed: [], windows: [] });
}

function startOf({ state }: RestoreParts, { place, earliest }: Tail): number {
  return state.mark?.changelogs[place.topic] ?? earliest;
}

async function follow(
  parts: RestoreParts,
  tail: Tail,
  startedMs: number,
  report: (tail: Tail, left: number) => void,
): Promise<void> {
  const { reader, signal } = parts;
  const { place, end } = tail;
  let offset = startOf(parts, tail);
  report(tail, Math.max(0, end - offset));
  let next: Promise<LogPage | null> | null = offset < end ? reader.read(place, offset, pageBytes) : null;
  while (next !== null) {
    const page = await next;
    if (signal.aborted) throw givenUp();
    if (page === null) throw outOfRange(place, offset);
    offset = page.nextOffset;
    next = offset < end ? reader.read(place, offset, pageBytes) : null;
    next?.catch(() => undefined);
    await applyPage(parts, tail, page, startedMs);
    report(tail, Math.max(0, end - offset));
  }
}

async function applyPage(
  parts: RestoreParts,
  { layout }: Tail,
  page: LogPage,
  startedMs: number,
): Promise<void> {
  const { records, nextOffset } = page;
  for (let at = 0; at === 0 || at < records.length; at += chunkRecords) {
    const chunk = records.slice(at, at + chunkRecords);
    const following = records[at + chunkRecords];
    applyChunk(parts, layout, chunk, following?.offset ?? nextOffset, startedMs);
    await turn();
    if (parts.signal.aborted) throw givenUp();
  }
}

function applyChunk(
  { state }: RestoreParts,
  layout: StoreLayout,
  records: readonly LogRecord[],
  nextOffset: number,
  startedMs: number,
): void {
  const { mark } = state;
  const from = mark?.sequence ?? 0;
  const { keyed, windows } = restoredChange(layout, records, state);
  state.apply({
    from,
    // A copy that is being read from the beginning holds nothing older than the moment when that began.
    mark: {
      ...mark,
      sequence: from + 1,
      changelogs: { ...mark?.changelogs, [layout.changelog]: nextOffset },
      atEndMs: mark?.atEndMs ?? startedMs,
    },
    keyed,
    windows,
  });
}

/** The copy stood at the ends when they were taken. */
function stamp({ state, layouts }: RestoreParts, tails: readonly Tail[], atEndMs: number): void {
  if (layouts.length === 0) return;
  const from = state.mark?.sequence ?? 0;
  const changelogs: Record<string, number> = {};
  for (const { place, end } of tails) {
    changelogs[place.topic] = Math.max(end, state.mark?.changelogs[place.topic] ?? 0);
  }
  const mark = { ...state.mark, sequence: from + 1, changelogs, atEndMs };
  state.apply({ from, mark, keyed: [], windows: [] });
}

export function givenUp(): StreamsError {
  return new StreamsError('ZT-STREAMS-GIVEN-UP', 'the task was given up while it was opened');
}

function outOfRange({ topic, partition }: Place, offset: number): StreamsError {
  const message = `${topic}/${partition}: offset ${offset} left the log while it was read`;
  return new StreamsError('ZT-STREAMS-CHANGELOG-MOVED', message);
}

function missing(topic: string): StreamsError {
  return new StreamsError('ZT-STREAMS-NO-TOPIC', `the changelog ${topic} does not exist`);
}
