import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openLmdbState } from './lmdb-state.ts';
import type { KeyedChange, LocalState, StateChange, WindowChange } from './local-state.ts';
import { createMemoryState } from './memory-state.ts';
import { encodeWindowKey } from './window-key.ts';

const hourMs = 3_600_000;
const bytes = (text: string): Buffer => Buffer.from(text);

interface Copy {
  readonly state: LocalState;
  /** Closes it and opens it again; a copy in memory just stays. */
  reopen(): Promise<LocalState>;
  remove(): Promise<void>;
}

const copies: readonly (readonly [name: string, create: () => Copy])[] = [
  ['memory', memoryCopy],
  ['lmdb', lmdbCopy],
];

function memoryCopy(): Copy {
  const state = createMemoryState();
  return { state, reopen: async () => state, remove: () => state.close() };
}

function lmdbCopy(): Copy {
  const directory = mkdtempSync(join(tmpdir(), 'state-'));
  let state = openLmdbState(directory);
  return {
    get state() {
      return state;
    },
    async reopen() {
      await state.close();
      state = openLmdbState(directory);
      return state;
    },
    async remove() {
      await state.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** The next change of a copy. */
function change(
  state: LocalState,
  { keyed = [], windows = [] }: { keyed?: readonly KeyedChange[]; windows?: readonly WindowChange[] },
): StateChange {
  const from = state.mark?.sequence ?? 0;
  return {
    from,
    mark: { sequence: from + 1, changelogs: { log: from * 10 }, atEndMs: 1000 + from },
    keyed,
    windows,
  };
}

function put(state: LocalState, store: string, ...entries: (readonly [string, Buffer | null])[]): void {
  state.apply(change(state, { keyed: [{ store, entries }] }));
}

type WindowEntry = readonly [key: string, timeMs: number, sequence: number, value: string | null];

function windowChange(entries: readonly WindowEntry[], dropBeforeMs?: number): WindowChange {
  const changed = entries.map(([key, timeMs, sequence, value]) => ({
    key,
    timeMs,
    sequence,
    value: value === null ? null : bytes(value),
  }));
  const drop = dropBeforeMs === undefined ? {} : { dropBeforeMs };
  return { store: 'seen', segmentMs: hourMs, entries: changed, ...drop };
}

function see(state: LocalState, ...entries: WindowEntry[]): void {
  state.apply(change(state, { windows: [windowChange(entries)] }));
}

function fetched(state: LocalState, key: string, fromMs = -Infinity, toMs = Infinity): string[] {
  return Array.from(
    state.window('seen').fetch(key, fromMs, toMs),
    ({ timeMs, sequence, value }) => `${timeMs}/${sequence}=${value}`,
  );
}

function keysOf(range: Iterable<readonly [string, Buffer]>): string[] {
  return Array.from(range, ([key]) => key);
}

describe.each(copies)('a local state: %s', (_, create) => {
  let copy: Copy;
  let state: LocalState;
  beforeEach(() => {
    copy = create();
    state = copy.state;
  });
  afterEach(() => copy.remove());

  it('holds nothing at first, and no mark', () => {
    expect(state.mark).toBeNull();
    expect(state.keyed('totals').get('a')).toBeUndefined();
    expect(keysOf(state.keyed('totals').range())).toEqual([]);
    expect(fetched(state, 'a')).toEqual([]);
    expect(state.window('seen').get('a', 0, 0)).toBeUndefined();
    expect(state.size()).toMatchObject({ entries: 0 });
  });

  it('finds what was put, also empty keys and values, and not what was deleted', () => {
    put(state, 'totals', ['a', bytes('1')], ['', bytes('none')], ['b', bytes('')], ['c', bytes('3')]);
    put(state, 'totals', ['c', null], ['d', null], ['a', bytes('2')]);
    expect(state.keyed('totals').get('a')).toEqual(bytes('2'));
    expect(state.keyed('totals').get('')).toEqual(bytes('none'));
    expect(state.keyed('totals').get('b')).toEqual(bytes(''));
    expect(state.keyed('totals').get('c')).toBeUndefined();
    expect(state.keyed('other').get('a')).toBeUndefined();
    expect(keysOf(state.keyed('totals').range())).toEqual(['', 'a', 'b']);
    expect(state.size().entries).toBe(3);
  });

  it('takes the last of a key in one change', () => {
    put(state, 'totals', ['a', bytes('1')], ['a', null], ['a', bytes('3')], ['b', bytes('1')], ['b', null]);
    expect(state.keyed('totals').get('a')).toEqual(bytes('3'));
    expect(state.keyed('totals').get('b')).toBeUndefined();
  });

  it('lists a range in the order of the keys’ UTF-8 bytes, without its end', () => {
    const keys = ['', 'a', 'a\u0000', 'ab', 'b', '中', '\uffff', '\u{10000}', 'x'.repeat(300)];
    put(state, 'totals', ...keys.map((key) => [key, bytes(key)] as const));
    const sorted = [...keys].sort((left, right) => Buffer.compare(bytes(left), bytes(right)));
    expect(keysOf(state.keyed('totals').range())).toEqual(sorted);
    expect(keysOf(state.keyed('totals').range('a', 'b'))).toEqual(['a', 'a\u0000', 'ab']);
    expect(keysOf(state.keyed('totals').range(undefined, 'a'))).toEqual(['']);
    expect(keysOf(state.keyed('totals').range('中'))).toEqual(['中', '\uffff', '\u{10000}']);
    expect(keysOf(state.keyed('totals').range('b', 'a'))).toEqual([]);
  });

  it('can be left in the middle of a range, and written and read afterwards', () => {
    put(state, 'totals', ['a', bytes('1')], ['b', bytes('2')]);
    for (const [key] of state.keyed('totals').range()) {
      expect(key).toBe('a');
      break;
    }
    put(state, 'totals', ['a', null]);
    expect(keysOf(state.keyed('totals').range())).toEqual(['b']);
  });

  it('can be read in ranges within ranges', () => {
    put(state, 'totals', ...['a', 'b', 'c', 'd'].map((key) => [key, bytes(key)] as const));
    see(
      state,
      ...[1, 2, 3].flatMap((at): WindowEntry[] => [
        ['a', at, 0, ''],
        ['b', at, 0, ''],
      ]),
    );
    const found: string[] = [];
    for (const [outer] of state.keyed('totals').range('a', 'd')) {
      for (const [inner] of state.keyed('totals').range(outer, 'c')) found.push(outer + inner);
    }
    for (const { timeMs: outer } of state.window('seen').fetch('a', 1, 2)) {
      for (const { timeMs: inner } of state.window('seen').fetch('b', outer, 3))
        found.push(`${outer}${inner}`);
    }
    expect(found).toEqual(['aa', 'ab', 'bb', '11', '12', '13', '22', '23']);
  });

  it('gives values that stay as they are when others are read', () => {
    put(state, 'totals', ['a', bytes('first')], ['b', bytes('other')], ['big', Buffer.alloc(200_000, 7)]);
    const first = state.keyed('totals').get('a');
    expect(state.keyed('totals').get('b')).toEqual(bytes('other'));
    expect(first).toEqual(bytes('first'));
    const values = Array.from(state.keyed('totals').range(), ([, value]) => value.length);
    expect(state.keyed('totals').get('big')).toEqual(Buffer.alloc(200_000, 7));
    expect(first).toEqual(bytes('first'));
    expect(values).toEqual([5, 5, 200_000]);
  });

  it('finds what a window store holds by key, time and sequence', () => {
    see(
      state,
      ['a', 5, 0, 'five'],
      ['a', 5, 2, 'again'],
      ['a', 2 * hourMs, 0, 'later'],
      ['ab', 5, 0, 'other'],
    );
    see(
      state,
      ['a', -1, 7, 'before 1970'],
      ['a', 0, 0, 'zero'],
      ['a', 5, 2 ** 40, 'far'],
      ['a', 5, 256, 'near'],
    );
    expect(state.window('seen').get('a', 5, 0)).toEqual(bytes('five'));
    expect(state.window('seen').get('a', 5, 1)).toBeUndefined();
    expect(state.window('seen').get('a', hourMs, 0)).toBeUndefined();
    expect(fetched(state, 'a')).toEqual([
      '-1/7=before 1970',
      '0/0=zero',
      '5/0=five',
      '5/2=again',
      '5/256=near',
      '5/1099511627776=far',
      `${2 * hourMs}/0=later`,
    ]);
    expect(fetched(state, 'a', 0, 4)).toEqual(['0/0=zero']);
    expect(fetched(state, 'a', 6, 2 * hourMs)).toEqual([`${2 * hourMs}/0=later`]);
    expect(fetched(state, 'ab', -5, hourMs)).toEqual(['5/0=other']);
    expect(fetched(state, '')).toEqual([]);
  });

  it('deletes single entries of a window store and drops old segments whole', () => {
    see(state, ['a', 10, 0, 'x'], ['a', 20, 0, 'y'], ['b', hourMs - 1, 0, 'z'], ['b', hourMs, 0, 'next']);
    see(state, ['a', 10, 0, null], ['a', 30, 0, null]);
    expect(fetched(state, 'a')).toEqual(['20/0=y']);
    state.apply(change(state, { windows: [windowChange([['c', hourMs + 1, 0, 'new']], hourMs - 1)] }));
    expect(fetched(state, 'a')).toEqual(['20/0=y']);
    state.apply(change(state, { windows: [windowChange([['c', 5, 0, 'late']], hourMs)] }));
    expect([fetched(state, 'a'), fetched(state, 'c')]).toEqual([[], [`${hourMs + 1}/0=new`]]);
    expect(fetched(state, 'b')).toEqual([`${hourMs}/0=next`]);
    expect(state.size().entries).toBe(2);
    see(state, ['a', 40, 0, 'back']);
    expect(fetched(state, 'a')).toEqual(['40/0=back']);
  });

  it('applies only what follows on its mark, and then all of it or nothing', () => {
    put(state, 'totals', ['a', bytes('1')]);
    const next = change(state, { keyed: [{ store: 'totals', entries: [['a', bytes('2')]] }] });
    const refused = { code: 'ZT-STREAMS-APPLIED-BY-ANOTHER', failure: 'retryable' };
    expect(() => state.apply({ ...next, from: 0 })).toThrow(expect.objectContaining(refused));
    expect(() => state.apply({ ...next, mark: { ...next.mark, sequence: 1 } })).toThrow(
      expect.objectContaining(refused),
    );
    state.apply(next);
    expect(() => state.apply(next)).toThrow(expect.objectContaining(refused));
    const failing = change(state, {
      keyed: [
        { store: 'totals', entries: [['a', bytes('3')]] },
        { store: 'more', entries: throwingEntries() },
      ],
      windows: [windowChange([['a', 1, 0, 'x']], hourMs)],
    });
    expect(() => state.apply(failing)).toThrow('cannot be read');
    expect(() => put(state, 'totals', ['a', bytes('3')], ['k'.repeat(1901), bytes('')])).toThrow(
      '1901 bytes',
    );
    expect(state.keyed('totals').get('a')).toEqual(bytes('2'));
    expect(fetched(state, 'a')).toEqual([]);
    expect(state.mark).toEqual(next.mark);
    put(state, 'totals', ['a', bytes('4')]);
    expect(state.keyed('totals').get('a')).toEqual(bytes('4'));
  });

  it('refuses segments of another width than the store has', () => {
    see(state, ['a', 10, 0, 'x']);
    const other = change(state, { windows: [{ ...windowChange([['a', 10, 0, 'y']]), segmentMs: 1000 }] });
    expect(() => state.apply(other)).toThrow('the segments of seen are 3600000 ms wide, not 1000');
    expect(fetched(state, 'a')).toEqual(['10/0=x']);
  });

  it('is the same when it is opened again', async () => {
    put(state, 'totals', ['a', bytes('1')], ['b', bytes('2')]);
    see(state, ['a', 5, 1, 'x'], ['a', -hourMs, 0, 'y'], ['a', 3 * hourMs, 0, 'z']);
    state.apply(change(state, { windows: [windowChange([], 0)] }));
    const { mark } = state;
    state = await copy.reopen();
    expect(state.mark).toEqual(mark);
    expect(keysOf(state.keyed('totals').range())).toEqual(['a', 'b']);
    expect(fetched(state, 'a')).toEqual(['5/1=x', `${3 * hourMs}/0=z`]);
    see(state, ['a', 5, 1, null]);
    expect(fetched(state, 'a')).toEqual([`${3 * hourMs}/0=z`]);
  });

  it('forgets everything when it is cleared, its mark too, and can be filled again', async () => {
    put(state, 'totals', ['a', bytes('1')]);
    see(state, ['a', 5, 1, 'x']);
    state.clear();
    expect(state.mark).toBeNull();
    expect([state.keyed('totals').get('a'), fetched(state, 'a'), state.size().entries]).toEqual([
      undefined,
      [],
      0,
    ]);
    state = await copy.reopen();
    expect(state.mark).toBeNull();
    put(state, 'totals', ['b', bytes('2')]);
    state.apply(change(state, { windows: [{ ...windowChange([['b', 6, 0, 'y']]), segmentMs: 1000 }] }));
    expect([keysOf(state.keyed('totals').range()), fetched(state, 'b')]).toEqual([['b'], ['6/0=y']]);
  });

  it('lists all entries of a store with the keys of its changelog', () => {
    put(state, 'totals', ['a', bytes('1')], ['', bytes('0')]);
    see(state, ['a', hourMs, 3, 'x'], ['', 0, 0, 'y']);
    expect([...state.entries('totals')]).toEqual([
      [bytes(''), bytes('0')],
      [bytes('a'), bytes('1')],
    ]);
    expect([...state.entries('seen')]).toEqual([
      [encodeWindowKey('', 0, 0), bytes('y')],
      [encodeWindowKey('a', hourMs, 3), bytes('x')],
    ]);
    expect([...state.entries('none')]).toEqual([]);
  });

  it('knows no key that is too long to be stored', () => {
    const long = 'k'.repeat(5000);
    expect(state.keyed('totals').get(long)).toBeUndefined();
    see(state, ['a', 0, 0, 'x']);
    expect(state.window('seen').get(long, 0, 0)).toBeUndefined();
    expect(fetched(state, long)).toEqual([]);
  });
});

function* throwingEntries(): Generator<readonly [string, Buffer | null]> {
  yield ['b', bytes('1')];
  throw new Error('cannot be read');
}
