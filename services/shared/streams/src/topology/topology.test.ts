import { describe, expect, it } from '@jest/globals';
import { inputTopics, internalTopics, storeLayouts } from './names.ts';
import { application, asksForTime, timeParts, topology } from './topology.ts';
import type { Part, StoreDefinition, StreamTopic } from './types.ts';

const serde = { name: 'text', encode: (value: string) => Buffer.from(value), decode: String };
const orders: StreamTopic<string> = { name: 'orders', partitions: 'P', serde };
const byStore: StreamTopic<string> = {
  name: 'by-store',
  partitions: 'P',
  serde,
  internal: { retentionMs: 7 },
};
const counts: StoreDefinition = { kind: 'keyed', name: 'counts', serde };
const seen: StoreDefinition = { kind: 'window', name: 'seen', serde, retentionMs: 60, segmentMs: 10 };
const timer = { name: 'close', onDue: () => undefined };

function part(name: string, more: Partial<Part> = {}): Part {
  const inputs = [{ topic: orders, kind: 'stream' as const, stage: name, handle: () => undefined }];
  return { name, operator: 'stream', inputs, ...more };
}

function reading(name: string, topic: StreamTopic<string>): Part {
  return part(name, { inputs: [{ topic, kind: 'stream', stage: name, handle: () => undefined }] });
}

function build(...parts: readonly Part[]) {
  return topology('shop', { order: 'free', parts });
}

describe('a topology', () => {
  it('says what was left out', () => {
    const parts = [part('one')];
    expect(topology('shop', { order: 'free', parts })).toEqual({
      name: 'shop',
      order: 'free',
      start: 'earliest',
      byTime: false,
      idleMs: 15_000,
      parts,
    });
  });

  it('takes records by time when a part has timers or a window store, or asks for it', () => {
    expect(build(part('one', { timers: [timer] })).byTime).toBe(true);
    expect(build(part('one', { stores: [seen] })).byTime).toBe(true);
    expect(build(part('one', { byTime: true })).byTime).toBe(true);
    expect(asksForTime(part('one', { timers: [timer], byTime: false }))).toBe(false);
    expect(build(part('one', { stores: [counts] })).byTime).toBe(false);
  });

  it('lets only the parts that ask for time move it, and all where those have no inputs', () => {
    const plain = part('plain');
    const timed = part('timed', { timers: [timer] });
    const fed: Part = { name: 'fed', operator: 'sessions', timers: [{ ...timer, name: 'end' }] };
    expect(timeParts(build(plain, timed))).toEqual([timed]);
    expect(timeParts(build(plain, fed))).toEqual([plain, fed]);
    expect(timeParts(build(plain))).toEqual([]);
    expect(timeParts(topology('shop', { order: 'free', byTime: true, parts: [plain] }))).toEqual([plain]);
  });

  it('shares a definition between parts', () => {
    expect(() => build(part('one', { stores: [counts] }), part('two', { stores: [counts] }))).not.toThrow();
  });

  it.each<readonly [string, readonly Part[], string]>([
    ['two parts', [part('one'), part('one')], 'two parts are called "one"'],
    [
      'two stores',
      [part('one', { stores: [counts] }), part('two', { stores: [{ ...counts }] })],
      'two stores are called "counts", of part "one" and of part "two"',
    ],
    [
      'two timers',
      [part('one', { timers: [timer] }), part('two', { timers: [{ ...timer }] })],
      'two timers are called "close", of part "one" and of part "two"',
    ],
    ['a bad name', [part('One two')], 'not "One two"'],
    ['a name of ours', [part('one', { stores: [{ ...counts, name: 'timers' }] })], "engine's own store"],
    ['an empty window', [part('one', { stores: [{ ...seen, segmentMs: 0 }] })], 'must be above 0'],
    ['no input', [{ name: 'one', operator: 'stream' }], 'has no input'],
  ])('refuses %s, and names what clashes', (_, parts, message) => {
    expect(() => build(...parts)).toThrow(message);
  });
});

describe('an application', () => {
  const avro = { ...orders, serde: { ...serde, name: 'avro' } };
  const other = topology('other', { order: 'free', parts: [reading('one', avro)] });
  const few = topology('other', { order: 'free', parts: [reading('one', { ...orders, partitions: 3 })] });
  const loose = topology('other', { order: 'free', parts: [reading('one', byStore)] });
  const mixed = topology('other', {
    order: 'free',
    parts: [reading('one', byStore), part('two', { outputs: [{ ...byStore, serde: avro.serde }] })],
  });

  it.each([
    ['two topologies of one name', [build(part('one')), build(part('two'))], 'two topologies called "shop"'],
    [
      'two forms of a topic',
      [build(part('one')), other],
      '"orders" is read as "text" by topology "shop" and as "avro" by "other"',
    ],
    ['two counts', [build(part('one')), few], 'has P partitions for topology "shop" and 3 for "other"'],
    ['an internal topic that nobody writes', [loose], 'but no part writes it'],
    ['an internal topic of two forms', [mixed], '"by-store" is written as "avro" and read as "text"'],
  ])('refuses %s, and names both', (_, topologies, message) => {
    expect(() => application('app', topologies)).toThrow(message);
  });

  it('keeps topics of its own: the position, changelogs, and internal ones', () => {
    const app = application('app', [
      build(
        part('one', { stores: [counts, seen], timers: [timer], outputs: [byStore] }),
        reading('two', byStore),
      ),
    ]);
    expect(inputTopics(app)).toEqual(['orders', 'app.by-store']);
    const compacted = { partitions: 4, cleanup: 'compact', retentionMs: null, deleteRetentionMs: 9 };
    // Window and segment, and four days in which the application may stand still.
    const keptMs = 70 + 4 * 24 * 3_600_000;
    expect(internalTopics(app, 4, 9)).toEqual([
      { ...compacted, name: 'app.position', segmentBytes: 1024 * 1024 },
      { ...compacted, name: 'app.shop.counts.changelog' },
      { ...compacted, name: 'app.shop.seen.changelog', cleanup: 'compact,delete', retentionMs: keptMs },
      { ...compacted, name: 'app.shop.timers.changelog' },
      { name: 'app.by-store', partitions: 4, cleanup: 'delete', retentionMs: 7 },
    ]);
    expect(storeLayouts(app).map(({ store, kind }) => [store, kind])).toEqual([
      ['shop.counts', 'keyed'],
      ['shop.seen', 'window'],
      ['shop.timers', 'timers'],
    ]);
  });
});
