import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { KeyedStore } from '../context.ts';
import { jsonSerde } from '../operators/serdes.ts';
import * as keyOrder from '../store/key-order.ts';
import { createMemoryState } from '../store/memory-state.ts';
import { Effects } from './effects.ts';

let comparisons = 0;
jest.unstable_mockModule('../store/key-order.ts', () => ({
  compareKeys(left: string, right: string): number {
    comparisons += 1;
    return keyOrder.compareKeys(left, right);
  },
}));
const { KeyedBuffer } = await import('./keyed-buffer.ts');

function open() {
  const effects = new Effects(1000);
  effects.beginRecord(null);
  return {
    effects,
    buffer: new KeyedBuffer('s', jsonSerde<unknown>('json'), createMemoryState().keyed('s'), effects),
  };
}

beforeEach(() => {
  comparisons = 0;
});

describe('a range of a keyed store', () => {
  /** Comparisons of as many records, each of which writes a key and asks for its neighbours, as outer joins do. */
  function comparisonsOf(records: number): number {
    const { buffer } = open();
    comparisons = 0;
    for (let at = 0; at < records; at += 1) {
      const key = `k${String((at * 7919) % records).padStart(6, '0')}`;
      buffer.put(`${key}\0a`, at);
      expect([...buffer.range(`${key}\0`, `${key}\u0001`)]).toHaveLength(1);
    }
    return comparisons;
  }

  it('costs what it reads, however much the commit has written: twice the records are not four times the steps', () => {
    const some = comparisonsOf(1000);
    const twice = comparisonsOf(2000);
    expect(twice / some).toBeLessThan(2.5);
    expect(twice).toBeLessThan(2000 * 60);
  });

  it('reads no further than it is asked', () => {
    const { buffer } = open();
    for (let at = 0; at < 1000; at += 1) buffer.put(`k${at}`, at);
    expect([...buffer.range('k1', 'k10')]).toEqual([['k1', 1]]);
    comparisons = 0;
    for (const entry of buffer.range()) {
      expect(entry).toEqual(['k0', 0]);
      break;
    }
    expect(comparisons).toBeLessThan(50);
  });

  const key = fc.nat(400).map((number) => `k${number}`);
  const write = fc.record({
    what: fc.constantFrom('put', 'delete'),
    keys: fc.oneof(fc.tuple(key), fc.array(key, { minLength: 20, maxLength: 80 })),
  });
  const range = fc.record({ what: fc.constant('range'), keys: fc.tuple(key, key) });
  const steps = fc.array(fc.oneof(write, range), { maxLength: 8 });

  function runStep(
    buffer: KeyedStore<unknown>,
    model: Map<string, unknown>,
    what: string,
    keys: string[],
  ): void {
    if (what === 'range') {
      const [from = '', to = ''] = keys;
      const expected = [...model].filter(([found]) => found >= from && found < to).sort();
      expect([...buffer.range(from, to)]).toEqual(expected);
      return;
    }
    for (const at of keys) {
      if (what === 'put') buffer.put(at, keys.length);
      else buffer.delete(at);
      if (what === 'put') model.set(at, keys.length);
      else model.delete(at);
    }
  }

  it('sees writes and deletes between ranges, many or few, kept or taken back', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(steps, fc.boolean())), (records) => {
        const { buffer, effects } = open();
        let model = new Map<string, unknown>();
        for (const [todo, kept] of records) {
          const before = new Map(model);
          effects.beginRecord(null);
          for (const { what, keys } of todo) runStep(buffer, model, what, keys);
          if (!kept) {
            effects.undoRecord();
            model = before;
          }
          expect([...buffer.range()]).toEqual([...model].sort());
        }
      }),
      { numRuns: 200 },
    );
  });
});
