import { describe, expect, it } from '@jest/globals';
import type { LogPage, LogReader } from '../log-port.ts';
import type { LocalState } from '../store/local-state.ts';
import { createMemoryState } from '../store/memory-state.ts';
import { encodeWindowKey } from '../store/window-key.ts';
import type { StoreLayout } from '../topology/names.ts';
import { readPosition } from './read-position.ts';
import { type RestoreParts, restore } from './restore.ts';

const changelog = 'app.count.counts.changelog';
const layout: StoreLayout = {
  topology: 'count',
  store: 'count.counts',
  changelog,
  kind: 'keyed',
  retentionMs: 0,
  segmentMs: 0,
};
const dayMs = 24 * 60 * 60 * 1000;

const record = (offset: number, key: string, value: string | null) => ({
  offset,
  timestampMs: 0,
  key: Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
  headers: {},
});

/** A log whose pages are given by the offset at which they are asked for; what is not there is out of range. */
function readerOf(pages: Readonly<Record<number, LogPage>>, earliest: number, end: number) {
  const asked: number[] = [];
  const reader: LogReader = {
    bounds: async (places) => places.map((place) => ({ ...place, earliest, end })),
    async read(_place, offset) {
      asked.push(offset);
      return pages[offset] ?? null;
    },
    identities: async () => new Map(),
    close: async () => undefined,
  };
  return { reader, asked };
}

function partsOf(reader: LogReader, state: LocalState, more: Partial<RestoreParts> = {}) {
  const said: string[] = [];
  const say = (fields: object, message: string) => void said.push(`${message} ${JSON.stringify(fields)}`);
  const remaining: number[] = [];
  const parts: RestoreParts = {
    reader,
    state,
    layouts: [layout],
    partition: 3,
    clock: () => 10 * dayMs,
    deleteRetentionMs: 7 * dayMs,
    logger: { debug: say, info: say, warn: say, error: say },
    onProgress: (left) => remaining.push(left),
    signal: new AbortController().signal,
    ...more,
  };
  return { parts, said, remaining };
}

function copyAt(offset: number, atEndMs = 10 * dayMs): LocalState {
  const state = createMemoryState();
  state.apply({
    from: 0,
    mark: { sequence: 1, changelogs: { [changelog]: offset }, atEndMs },
    keyed: [{ store: layout.store, entries: [['old', Buffer.from('1')]] }],
    windows: [],
  });
  return state;
}

const contentOf = (state: LocalState) =>
  Object.fromEntries([...state.keyed(layout.store).range()].map(([key, value]) => [key, String(value)]));

describe('a restore', () => {
  it('ends when it stands at the end, not when a page is empty', async () => {
    const pages = {
      0: { records: [record(0, 'a', '1')], nextOffset: 5 },
      5: { records: [], nextOffset: 8 },
      8: { records: [record(8, 'b', '2')], nextOffset: 9 },
      9: { records: [], nextOffset: 10 },
    };
    const state = createMemoryState();
    const { parts, remaining } = partsOf(readerOf(pages, 0, 10).reader, state);
    await restore(parts);
    expect(contentOf(state)).toEqual({ a: '1', b: '2' });
    expect(state.mark).toMatchObject({ changelogs: { [changelog]: 10 }, atEndMs: 10 * dayMs });
    expect(remaining).toEqual([10, 5, 2, 1, 0]);
  });

  it('of a warm copy reads the tail alone, deletes included', async () => {
    const { reader, asked } = readerOf({ 5: { records: [record(5, 'old', null)], nextOffset: 7 } }, 0, 7);
    const state = copyAt(5);
    await restore(partsOf(reader, state).parts);
    expect(asked).toEqual([5]);
    expect(contentOf(state)).toEqual({});
  });

  it('rebuilds a copy whose windows lie in segments of another width', async () => {
    const windows: StoreLayout = { ...layout, kind: 'window', retentionMs: 100, segmentMs: 20 };
    const at = (timeMs: number) => ({ key: 'k', timeMs, sequence: 0, value: Buffer.from(String(timeMs)) });
    const state = createMemoryState();
    state.apply({
      from: 0,
      mark: { sequence: 1, changelogs: { [changelog]: 2 }, atEndMs: 10 * dayMs },
      keyed: [],
      windows: [{ store: layout.store, segmentMs: 50, entries: [at(10), at(30)] }],
    });
    const records = [10, 30].map((timeMs, offset) => ({
      ...record(offset, '', String(timeMs)),
      key: encodeWindowKey('k', timeMs, 0),
    }));
    const { reader, asked } = readerOf({ 0: { records, nextOffset: 2 } }, 0, 2);
    const { parts, said } = partsOf(reader, state, { layouts: [windows] });
    await restore(parts);
    expect(asked).toEqual([0]);
    expect(said.join()).toContain('the segments of count.counts are 50 ms wide and shall be 20');
    const store = state.window(layout.store);
    expect(store.segmentMs).toBe(20);
    expect([...store.fetch('k', 0, 100)].map(({ timeMs }) => timeMs)).toEqual([10, 30]);
  });

  it('that was broken off goes on where it stood, and its age counts from its beginning', async () => {
    const pages = { 0: { records: [record(0, 'a', '1')], nextOffset: 5 } };
    const state = createMemoryState();
    const first = partsOf(readerOf(pages, 0, 10).reader, state, { clock: () => 8 * dayMs });
    await expect(restore(first.parts)).rejects.toThrow('offset 5 left the log');
    expect(state.mark).toMatchObject({ changelogs: { [changelog]: 5 }, atEndMs: 8 * dayMs });
    const { reader, asked } = readerOf({ 5: { records: [], nextOffset: 10 } }, 0, 10);
    await restore(partsOf(reader, state).parts);
    expect(asked).toEqual([5]);
    expect(contentOf(state)).toEqual({ a: '1' });
  });

  it('gives up when the task is taken away, and says so as something that passes', async () => {
    const ending = new AbortController();
    ending.abort();
    const pages = { 0: { records: [record(0, 'a', '1')], nextOffset: 5 } };
    const { parts } = partsOf(readerOf(pages, 0, 5).reader, createMemoryState(), { signal: ending.signal });
    await expect(restore(parts)).rejects.toMatchObject({ failure: 'retryable' });
  });

  it.each([
    ['is ahead of the log', copyAt(8), 0, 7, /ahead of .*offset 8, end 7/],
    ['lies before what the log still has', copyAt(2), 5, 7, /begins at 5, behind its offset 2/],
    [
      'last stood at the end half the time ago that deletes are kept',
      copyAt(5, 6 * dayMs),
      0,
      7,
      /too long ago/,
    ],
  ] as const)('rebuilds a copy that %s, loudly', async (_what, state, earliest, end, reason) => {
    const pages = { [earliest]: { records: [record(earliest, 'a', '1')], nextOffset: end } };
    const { parts, said } = partsOf(readerOf(pages, earliest, end).reader, state);
    await restore(parts);
    expect(said[0]).toMatch(reason);
    expect(contentOf(state)).toEqual({ a: '1' });
    expect(state.mark?.changelogs).toEqual({ [changelog]: end });
  });
});

describe('the position of the last commit', () => {
  const place = { topic: 'app.position', partition: 3 };
  const value = JSON.stringify({ inputs: { words: 7 }, globals: {}, times: {}, shapes: {} });

  it('is looked for near the end, then further back, for commits that were undone leave only gaps', async () => {
    const pages = {
      936: { records: [], nextOffset: 1000 },
      0: { records: [record(2, 'position', value)], nextOffset: 1000 },
    };
    const { reader, asked } = readerOf(pages, 0, 1000);
    await expect(readPosition(reader, place)).resolves.toMatchObject({ inputs: { words: 7 } });
    expect(asked).toEqual([936, 0]);
  });

  it('is the last one where there are several', async () => {
    const older = value.replace('7', '6');
    const records = [record(0, 'position', older), record(4, 'position', value)];
    const { reader } = readerOf({ 0: { records, nextOffset: 6 } }, 0, 6);
    await expect(readPosition(reader, place)).resolves.toMatchObject({ inputs: { words: 7 } });
  });

  it('is none where nothing was ever committed', async () => {
    await expect(readPosition(readerOf({}, 0, 0).reader, place)).resolves.toBeNull();
    const { reader } = readerOf({ 0: { records: [], nextOffset: 2 } }, 0, 2);
    await expect(readPosition(reader, place)).resolves.toBeNull();
  });
});
