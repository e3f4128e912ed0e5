import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareKeys } from '../store/key-order.ts';
import type { LocalState } from '../store/local-state.ts';
import { createMemoryState } from '../store/memory-state.ts';
import { Effects, ownValue } from './effects.ts';
import { jsonSerde } from './fixture.ts';
import { KeyedBuffer } from './keyed-buffer.ts';
import { WindowBuffer } from './window-buffer.ts';

type Outcome = 'keep' | 'undo' | 'commit' | 'crash';

const outcome = fc.constantFrom<Outcome>('keep', 'keep', 'undo', 'commit', 'crash');
const key = fc.constantFrom('a', 'b', 'ä', '\u{1F600}', '\uFF5E');

/** Runs stretches of writes, each of which is kept, taken back, committed or lost with all since the last commit. */
interface Subject<Op, View> {
  open(): void;
  apply(op: Op): void;
  commit(): void;
  view(): View;
  readonly effects: Effects;
}

function follow<Op, View>(
  subject: Subject<Op, View>,
  runs: readonly (readonly [readonly Op[], Outcome])[],
  model: { apply(op: Op): void; copy(): () => void; view(): View },
): void {
  let restoreCommitted = model.copy();
  subject.open();
  for (const [ops, end] of runs) {
    const restore = model.copy();
    subject.effects.beginRecord(null);
    for (const op of ops) {
      subject.apply(op);
      model.apply(op);
    }
    if (end === 'undo') {
      subject.effects.undoRecord();
      restore();
    }
    if (end === 'commit') {
      subject.commit();
      restoreCommitted = model.copy();
    }
    if (end === 'crash') {
      subject.open();
      restoreCommitted();
    }
    expect(subject.view()).toEqual(model.view());
  }
}

function commit(state: LocalState, change: object): void {
  const from = state.mark?.sequence ?? 0;
  const mark = { sequence: from + 1, changelogs: {}, atEndMs: 0 };
  state.apply({ from, mark, keyed: [], windows: [], ...change });
}

describe('a keyed store in a task', () => {
  const op = fc.tuple(fc.constantFrom('put', 'delete', 'get'), key, fc.nat(9));

  it.each([1, 100])(
    'answers as a map does, whatever is taken back, committed or lost (cache of %i)',
    (cached) => {
      const sequence = fc.array(fc.tuple(fc.array(op, { maxLength: 5 }), outcome), { maxLength: 12 });
      fc.assert(
        fc.property(sequence, (runs) => {
          const state = createMemoryState();
          const effects = new Effects(1000);
          let buffer = new KeyedBuffer('s', jsonSerde, state.keyed('s'), effects, cached);
          let model = new Map<string, unknown>();
          follow(
            {
              effects,
              open() {
                buffer = new KeyedBuffer('s', jsonSerde, state.keyed('s'), effects, cached);
              },
              apply([what, at, value]) {
                if (what === 'put') buffer.put(at, value);
                else if (what === 'delete') buffer.delete(at);
                else expect(buffer.get(at)).toBe(model.get(at));
              },
              commit() {
                const entries = buffer.writes().map((each) => [each.key, each.bytes] as const);
                expect(new Set(entries.map(([each]) => each)).size).toBe(entries.length);
                commit(state, { keyed: [{ store: 's', entries }] });
                buffer.applied();
              },
              view: () => [[...buffer.range()], [...buffer.range('b', '\u{1F600}')]] as unknown,
            },
            runs,
            {
              apply([what, at, value]) {
                if (what === 'put') model.set(at, value);
                if (what === 'delete') model.delete(at);
              },
              copy() {
                const copied = new Map(model);
                return () => {
                  model = new Map(copied);
                };
              },
              view() {
                const all = [...model].sort(([left], [right]) => compareKeys(left, right));
                const some = all.filter(
                  ([at]) => compareKeys(at, 'b') >= 0 && compareKeys(at, '\u{1F600}') < 0,
                );
                return [all, some];
              },
            },
          );
        }),
        { numRuns: 300 },
      );
    },
  );
});

describe('a window store in a task', () => {
  const definition = { kind: 'window' as const, name: 'w', serde: jsonSerde, retentionMs: 50, segmentMs: 20 };
  // Of b no more is ever asked for than a short span.
  const windowKey = fc.constantFrom('b', 'b', 'b', 'a', 'ä');
  const time = fc.integer({ min: 100, max: 140 });
  const op = fc.tuple(
    fc.constantFrom('put', 'put', 'delete', 'get', 'fetch', 'time'),
    windowKey,
    time,
    fc.nat(2),
    fc.nat(9),
  );
  const keys = ['a', 'b', 'ä', '\u{1F600}', '\uFF5E'];

  it.each([
    { entries: 1, ofKey: 256, isCached: true },
    { entries: 100, ofKey: 256, isCached: true },
    { entries: 100, ofKey: 2, isCached: true },
    { entries: 100, ofKey: 256, isCached: false },
  ])(
    'answers as a sorted list does within its retention, with a cache ($isCached) of $entries, $ofKey of a key',
    ({ isCached, ...limits }) => {
      const sequence = fc.array(fc.tuple(fc.array(op, { maxLength: 6 }), outcome), { maxLength: 12 });
      fc.assert(
        fc.property(sequence, (runs) => {
          const state = createMemoryState();
          const effects = new Effects(1000);
          const now = { streamTimeMs: 150 };
          const own = { ...definition, isCached };
          const open = () => new WindowBuffer('w', own, state.window('w'), effects, now, limits);
          let buffer = open();
          let model = new Map<string, [key: string, timeMs: number, sequence: number, value: number]>();
          const isKept = (timeMs: number) => timeMs >= now.streamTimeMs - 50;
          const found = (at: string, from: number, to: number) =>
            [...model.values()]
              .filter(([each, timeMs]) => each === at && isKept(timeMs) && timeMs >= from && timeMs <= to)
              .sort((left, right) => left[1] - right[1] || left[2] - right[2])
              .map(([, timeMs, sequence, value]) => ({ timeMs, sequence, value }));
          const seen = (at: string, from: number, to: number) =>
            Array.from(buffer.fetch(at, from, to), ({ timeMs, sequence, value }) => ({
              timeMs,
              sequence,
              value,
            }));
          type Op = [what: string, at: string, timeMs: number, sequence: number, value: number];
          const steps: Record<string, (op: Op) => void> = {
            put([, at, timeMs, sequence, value]) {
              expect(buffer.put(at, timeMs, value, sequence)).toBe(isKept(timeMs));
            },
            delete: ([, at, timeMs, sequence]) => buffer.delete(at, timeMs, sequence),
            fetch([, at, timeMs]) {
              expect(seen(at, timeMs, timeMs + 9)).toEqual(found(at, timeMs, timeMs + 9));
            },
            time([, , timeMs]) {
              now.streamTimeMs = Math.max(now.streamTimeMs, timeMs + 45);
            },
            get([, at, timeMs, sequence]) {
              const expected = isKept(timeMs) ? model.get(`${at} ${timeMs} ${sequence}`)?.[3] : undefined;
              expect(buffer.get(at, timeMs, sequence)).toBe(expected);
            },
          };
          follow(
            {
              effects,
              open() {
                buffer = open();
              },
              apply(op) {
                steps[op[0]]?.(op);
              },
              commit() {
                const { dropBeforeMs } = buffer;
                const dropped = dropBeforeMs === undefined ? {} : { dropBeforeMs };
                commit(state, {
                  windows: [
                    {
                      store: 'w',
                      segmentMs: 20,
                      entries: buffer.writes().map((each) => ({ ...each, value: each.bytes })),
                      ...dropped,
                    },
                  ],
                });
                buffer.applied(dropBeforeMs);
              },
              view: () => keys.map((at) => (at === 'b' ? [] : seen(at, 0, 1000))),
            },
            runs,
            {
              apply([what, at, timeMs, sequence, value]) {
                if (!isKept(timeMs)) return;
                if (what === 'put') model.set(`${at} ${timeMs} ${sequence}`, [at, timeMs, sequence, value]);
                if (what === 'delete') model.delete(`${at} ${timeMs} ${sequence}`);
              },
              copy() {
                const copied = new Map(model);
                return () => {
                  model = new Map(copied);
                };
              },
              view: () => keys.map((at) => (at === 'b' ? [] : found(at, 0, 1000))),
            },
          );
        }),
        { numRuns: 300 },
      );
    },
  );
});

describe('the cache of a window store', () => {
  it('reads on when more of a key is asked for than it knows', () => {
    const definition = {
      kind: 'window' as const,
      name: 'w',
      serde: jsonSerde,
      retentionMs: 50,
      segmentMs: 20,
    };
    const state = createMemoryState();
    const entries = [100, 110, 120].map((timeMs) => ({
      key: 'a',
      timeMs,
      sequence: 0,
      value: Buffer.from('1'),
    }));
    commit(state, { windows: [{ store: 'w', segmentMs: 20, entries }] });
    const now = { streamTimeMs: 130 };
    const buffer = new WindowBuffer('w', definition, state.window('w'), new Effects(1000), now);
    const times = (fromMs: number) => Array.from(buffer.fetch('a', fromMs, 130), ({ timeMs }) => timeMs);
    expect(times(115)).toEqual([120]);
    expect(times(105)).toEqual([110, 120]);
    expect(buffer.get('a', 100)).toBe(1);
    expect(times(0)).toEqual([100, 110, 120]);
  });
});

describe('a cached value', () => {
  it('does not keep the batch in memory of which it is a piece', () => {
    const batch = Buffer.alloc(100_000, 7);
    const kept = ownValue(batch.subarray(10, 20)) as Buffer;
    expect(kept).toEqual(Buffer.alloc(10, 7));
    expect(kept.buffer.byteLength).toBeLessThanOrEqual(Buffer.poolSize);
    expect(ownValue(batch)).toBe(batch);
  });
});
