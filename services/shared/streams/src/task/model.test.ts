import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { StreamsError } from '../errors.ts';
import { createMemoryState } from '../store/memory-state.ts';
import { application, topology } from '../topology/topology.ts';
import type { Handler, TimerDefinition, WindowStoreDefinition } from '../topology/types.ts';
import { jsonSerde, jsonTopic, keyedStore, streamPart, TaskFixture } from './fixture.ts';

/** What a record asks for; all of it is done before the record fails, if it does. */
interface Ask {
  readonly at: number;
  readonly add: number;
  readonly wake: number | null;
  readonly cancel: boolean;
  readonly fail: 'no' | 'throw' | 'dead letter' | 'not ready once';
}

const START = 1_000_000;
const eventTimeMs = ({ at }: Ask): number => START + at;
const left = jsonTopic<Ask>('left', { eventTimeMs });
const right = jsonTopic<Ask>('right', { eventTimeMs });
const out = jsonTopic<unknown>('out');
const sums = keyedStore<number>('sums');
const seen: WindowStoreDefinition<number> = {
  kind: 'window',
  name: 'seen',
  serde: { ...jsonSerde, decode: (bytes) => Number(bytes.toString()) },
  retentionMs: 1000,
  segmentMs: 100,
};

const alarm: TimerDefinition = {
  name: 'alarm',
  onDue({ key, dueMs }, context) {
    const sum = context.store(sums).get(key) ?? 0;
    context.emit(out, key, `alarm ${dueMs - START} of ${sum}`);
    if (sum > 20) context.store(sums).delete(key);
  },
};

function handler(notReady: Set<string>): Handler<Ask> {
  return ({ key, value, topic, offset, eventTimeMs: at }, context) => {
    const sum = (context.store(sums).get(key) ?? 0) + value.add;
    context.store(sums).put(key, sum);
    context.window(seen).put(key, at, value.add, 2 * offset + (topic === 'left' ? 0 : 1));
    const recent = Array.from(context.window(seen).fetch(key, at - 10, at), (entry) => entry.value);
    context.emit(
      out,
      key,
      `${topic} ${offset} sum ${sum} recent ${recent.reduce((all, each) => all + each, 0)}`,
    );
    if (value.wake !== null) context.wakeAt(alarm, key, at + value.wake);
    if (value.cancel) context.cancel(alarm, key);
    if (value.fail === 'dead letter') context.deadLetter('ASKED');
    fail(value.fail, notReady.delete(`${topic} ${offset}`));
  };
}

function fail(how: Ask['fail'], isFirst: boolean): void {
  if (how === 'throw') throw new Error('thrown');
  if (how === 'not ready once' && isFirst) {
    throw new StreamsError('ZT-STREAMS-STOPPED', 'not ready');
  }
}

/** The same rules as a plain fold over the records in the order of their times. */
function fold(records: readonly Placed[]) {
  const outputs: string[] = [];
  const totals = new Map<string, number>();
  const timers = new Map<string, number>();
  const added: { key: string; at: number; add: number }[] = [];
  let time = Number.NEGATIVE_INFINITY;
  for (const [topic, offset, key, ask] of records) {
    if (ask.fail === 'throw' || ask.fail === 'dead letter') continue;
    time = Math.max(time, ask.at);
    const sum = (totals.get(key) ?? 0) + ask.add;
    totals.set(key, sum);
    added.push({ key, at: ask.at, add: ask.add });
    const recent = added.filter((each) => each.key === key && each.at >= ask.at - 10 && each.at <= ask.at);
    const total = recent.reduce((all, each) => all + each.add, 0);
    outputs.push(`${key}="${topic} ${offset} sum ${sum} recent ${total}"`);
    if (ask.wake !== null) timers.set(key, ask.at + ask.wake);
    if (ask.cancel) timers.delete(key);
    for (const [at, dueAt] of takeDue(timers, time)) {
      const total = totals.get(at) ?? 0;
      outputs.push(`${at}="alarm ${dueAt} of ${total}"`);
      if (total > 20) totals.delete(at);
    }
  }
  return { outputs, totals, timers };
}

function takeDue(timers: Map<string, number>, time: number): readonly (readonly [string, number])[] {
  const due = [...timers].filter(([, at]) => at <= time);
  for (const [key] of due) timers.delete(key);
  return due.sort((one, two) => one[1] - two[1] || (one[0] < two[0] ? -1 : 1));
}

const ask = fc.record({
  at: fc.nat(60),
  add: fc.integer({ min: 1, max: 9 }),
  wake: fc.option(fc.nat(20)),
  cancel: fc.boolean(),
  fail: fc.constantFrom<Ask['fail']>('no', 'no', 'no', 'throw', 'dead letter', 'not ready once'),
});
const record = fc.tuple(fc.constantFrom('a', 'b', 'c'), ask);
const step = fc.oneof(
  fc.record({ do: fc.constant('work' as const), limit: fc.integer({ min: 1, max: 7 }) }),
  fc.constant({ do: 'commit' as const }),
  fc.constant({ do: 'crash' as const }),
  fc.constant({ do: 'crash before apply' as const }),
  fc.constant({ do: 'crash and lose the copy' as const }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function take(fixture: TaskFixture, each: Step): void {
  fixture.fetch();
  if (each.do === 'work') work(fixture, each.limit);
  else if (each.do === 'commit') fixture.commit();
  else crash(fixture, each.do);
}

function work(fixture: TaskFixture, limit: number): void {
  try {
    fixture.task.work(limit);
  } catch (error) {
    expect(error).toMatchObject({ failure: 'retryable' });
  }
}

function crash(fixture: TaskFixture, how: 'crash' | 'crash before apply' | 'crash and lose the copy'): void {
  const cut = how === 'crash before apply' ? fixture.task.cut(fixture.nowMs) : null;
  if (cut !== null) fixture.append(cut);
  if (how === 'crash and lose the copy') fixture.state = createMemoryState();
  fixture.restore();
  fixture.open();
}

type Placed = readonly [topic: string, offset: number, key: string, ask: Ask];

function byTime(one: Placed, two: Placed): number {
  return one[3].at - two[3].at || (one[0] < two[0] ? -1 : 1);
}

/** An input's records, in the order of their times. */
function placed(topic: string, asks: readonly (readonly [string, Ask])[]): readonly Placed[] {
  return asks
    .toSorted((one, two) => one[1].at - two[1].at)
    .map(([key, each], offset): Placed => [topic, offset, key, each]);
}

function open(records: readonly Placed[]): TaskFixture {
  const failing = records.filter(([, , , { fail }]) => fail === 'not ready once');
  const handle = handler(new Set(failing.map(([topic, offset]) => `${topic} ${offset}`)));
  const names = { stores: [sums, seen], timers: [alarm], outputs: [out] };
  const parts = [left, right].map((topic) => streamPart(topic, handle, { name: topic.name, ...names }));
  const fixture = new TaskFixture(application('app', [topology('shop', { order: 'free', parts })]));
  for (const [topic, , key, value] of records) {
    fixture.send(topic === 'left' ? left : right, { key, value, atMs: START + 100 });
  }
  fixture.open();
  return fixture;
}

function expectRebuilt(fixture: TaskFixture): void {
  const local = fixture.state;
  fixture.state = createMemoryState();
  fixture.restore();
  for (const store of ['shop.sums', 'shop.seen', 'shop.timers', 'shop.timers-due']) {
    expect([...fixture.state.entries(store)]).toEqual([...local.entries(store)]);
  }
}

describe('a task under faults', () => {
  it('has after any cut the effects of the records that it took, each once, and in the end those of all', () => {
    const asks = fc.array(record, { maxLength: 15 });
    fc.assert(
      fc.property(asks, asks, fc.array(step, { maxLength: 25 }), (ofLeft, ofRight, steps) => {
        const records = [...placed('left', ofLeft), ...placed('right', ofRight)];
        const expected = fold(records.toSorted(byTime));
        const fixture = open(records);
        for (const each of steps) {
          take(fixture, each);
          const outputs = fixture.read('out');
          expect(outputs).toEqual(expected.outputs.slice(0, outputs.length));
        }
        // One more than can be held up by a record that is not ready.
        for (let turn = 0; turn <= records.length; turn += 1) take(fixture, { do: 'work', limit: 1000 });
        fixture.commit();
        expect(fixture.read('out')).toEqual(expected.outputs);
        const sum = Array.from(fixture.state.keyed('shop.sums').range(), ([key, value]) => [
          key,
          Number(value),
        ]);
        expect(Object.fromEntries(sum)).toEqual(Object.fromEntries(expected.totals));
        expect(fixture.task.stats().get('shop')?.timersPending).toBe(expected.timers.size);
        expect(fixture.task.drained).toBe(true);
        expectRebuilt(fixture);
      }),
      { numRuns: 300 },
    );
  });
});
