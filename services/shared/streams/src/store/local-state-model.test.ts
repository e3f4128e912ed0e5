import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openLmdbState } from './lmdb-state.ts';
import type { LocalState, WindowChange } from './local-state.ts';
import { createMemoryState } from './memory-state.ts';
import { encodeWindowKey } from './window-key.ts';

const segmentMs = 10;
const stores = ['one', 'two'] as const;
type Entry = { store: (typeof stores)[number]; key: string; value: Buffer | null };
type WindowEntry = Entry & { timeMs: number; sequence: number };

type Step =
  | { kind: 'apply'; keyed: Entry[]; windows: WindowEntry[]; dropBeforeMs: number | undefined }
  | { kind: 'range'; from: string | undefined; to: string | undefined }
  | { kind: 'fetch'; key: string; fromMs: number; toMs: number }
  | { kind: 'reopen' }
  | { kind: 'clear' };

const key = fc.oneof(
  fc.constantFrom('', 'a', 'a\u0000', 'ab', 'b', '\uffff', '\u{10000}'),
  fc.string({ unit: 'grapheme', maxLength: 3 }),
);
const value = fc.option(
  fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
  { freq: 3 },
);
const store = fc.constantFrom(...stores);
const timeMs = fc.integer({ min: -25, max: 60 });
const sequence = fc.oneof(fc.nat(2), fc.constantFrom(255, 256, 2 ** 32, 2 ** 53 - 1));

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('apply' as const),
      keyed: fc.array(fc.record({ store, key, value }), { maxLength: 8 }),
      windows: fc.array(fc.record({ store, key, value, timeMs, sequence }), { maxLength: 8 }),
      dropBeforeMs: fc.option(timeMs, { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('range' as const),
      from: fc.option(key, { nil: undefined }),
      to: fc.option(key, { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('fetch' as const), key, fromMs: timeMs, toMs: timeMs }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'clear' as const }) },
);

/** What a state must hold, kept the plainest way: all entries in one list. */
class Model {
  keyed: Required<Entry>[] = [];
  windows: WindowEntry[] = [];

  apply({ keyed, windows, dropBeforeMs }: Step & { kind: 'apply' }): void {
    for (const entry of keyed) {
      this.keyed = this.keyed.filter((other) => other.store !== entry.store || other.key !== entry.key);
      if (entry.value !== null) this.keyed.push(entry);
    }
    for (const entry of windows) {
      this.windows = this.windows.filter((other) => placeOf(other) !== placeOf(entry));
      if (entry.value !== null) this.windows.push(entry);
    }
    if (dropBeforeMs === undefined) return;
    this.windows = this.windows.filter(
      (entry) => (Math.floor(entry.timeMs / segmentMs) + 1) * segmentMs > dropBeforeMs,
    );
  }

  range(name: string, from?: string, to?: string): [string, Buffer | null][] {
    return this.keyed
      .filter((entry) => entry.store === name)
      .filter(
        ({ key: at }) =>
          (from === undefined || !isBefore(at, from)) && (to === undefined || isBefore(at, to)),
      )
      .sort((left, right) => Buffer.compare(Buffer.from(left.key), Buffer.from(right.key)))
      .map((entry) => [entry.key, entry.value]);
  }

  fetch(name: string, { key: wanted, fromMs, toMs }: Step & { kind: 'fetch' }): unknown[] {
    return this.windows
      .filter((entry) => entry.store === name && entry.key === wanted)
      .filter((entry) => entry.timeMs >= fromMs && entry.timeMs <= toMs)
      .sort((left, right) => left.timeMs - right.timeMs || left.sequence - right.sequence)
      .map((entry) => ({ timeMs: entry.timeMs, sequence: entry.sequence, value: entry.value }));
  }
}

const placeOf = (entry: WindowEntry): string =>
  JSON.stringify([entry.store, entry.key, entry.timeMs, entry.sequence]);
const isBefore = (left: string, right: string): boolean =>
  Buffer.compare(Buffer.from(left), Buffer.from(right)) < 0;

function applyStep(state: LocalState, { keyed, windows, dropBeforeMs }: Step & { kind: 'apply' }): void {
  const from = state.mark?.sequence ?? 0;
  state.apply({
    from,
    mark: { sequence: from + 1, changelogs: {}, atEndMs: 0 },
    keyed: stores.map((name) => ({
      store: name,
      entries: keyed
        .filter((entry) => entry.store === name)
        .map((entry): [string, Buffer | null] => [entry.key, entry.value]),
    })),
    windows: stores.map((name): WindowChange => {
      const entries = windows.filter((entry) => entry.store === name);
      return { store: name, segmentMs, entries, ...(dropBeforeMs === undefined ? {} : { dropBeforeMs }) };
    }),
  });
}

function compareAll(state: LocalState, model: Model): void {
  for (const name of stores) {
    expect([...state.keyed(name).range()]).toEqual(model.range(name));
    for (const entry of model.range(name)) expect(state.keyed(name).get(entry[0])).toEqual(entry[1]);
    const windows = model.windows.filter((entry) => entry.store === name);
    for (const entry of windows) {
      expect(state.window(name).get(entry.key, entry.timeMs, entry.sequence)).toEqual(entry.value);
    }
    const keys = windows.map((entry) =>
      encodeWindowKey(entry.key, entry.timeMs, entry.sequence).toString('hex'),
    );
    const found = Array.from(windowEntries(state, name), ([bytes]) => bytes.toString('hex'));
    expect(found.sort()).toEqual(keys.sort());
  }
  expect(state.size().entries).toBe(model.keyed.length + model.windows.length);
}

/** `entries` lists a keyed and a window store of one name one after the other. */
function windowEntries(state: LocalState, name: string): (readonly [Buffer, Buffer])[] {
  return [...state.entries(name)].slice([...state.keyed(name).range()].length);
}

async function run(steps: readonly Step[], open: () => LocalState, reopens: boolean): Promise<void> {
  let model = new Model();
  let state = open();
  try {
    for (const each of steps) {
      if (each.kind === 'apply') {
        applyStep(state, each);
        model.apply(each);
      } else if (each.kind === 'range') {
        const range = state.keyed('one').range(each.from, each.to);
        expect([...range]).toEqual(model.range('one', each.from, each.to));
      } else if (each.kind === 'fetch') {
        const { key: wanted, fromMs, toMs } = each;
        expect([...state.window('two').fetch(wanted, fromMs, toMs)]).toEqual(model.fetch('two', each));
      } else if (each.kind === 'clear') {
        state.clear();
        model = new Model();
      } else if (reopens) {
        await state.close();
        state = open();
      }
    }
    compareAll(state, model);
  } finally {
    await state.close();
  }
}

describe('a local state does what a plain list of entries does', () => {
  it('in memory', async () => {
    const steps = fc.array(step, { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(steps, (some) => run(some, createMemoryState, false)),
      { numRuns: 300 },
    );
  });

  it('on lmdb', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'state-model-'));
    let count = 0;
    const steps = fc.array(step, { maxLength: 40 });
    const property = fc.asyncProperty(steps, (some) => {
      const own = join(directory, String(count++));
      return run(some, () => openLmdbState(own), true);
    });
    try {
      await fc.assert(property, { numRuns: 60 });
    } finally {
      rmSync(directory, { recursive: true });
    }
  }, 60_000);
});
