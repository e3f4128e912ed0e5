import { describe, expect, it } from '@jest/globals';
import { createMemoryState } from '../store/memory-state.ts';
import type { Handler, TimerDefinition } from '../topology/types.ts';
import { jsonTopic, keyedStore, shop, streamPart, TaskFixture } from './fixture.ts';

interface Step {
  readonly at: number;
  readonly wake?: number;
  readonly cancel?: true;
  readonly fail?: true;
}

const MINUTE = 60_000;
const START = 10_000_000;
const steps = jsonTopic<Step>('steps', { eventTimeMs: ({ at }) => START + at });
const out = jsonTopic<string>('out');
const notes = keyedStore<string>('notes');

const remind: TimerDefinition = {
  name: 'remind',
  onDue({ key, dueMs }, context) {
    if (key === 'bad') {
      context.store(notes).put(key, 'half');
      throw new Error('cannot remind');
    }
    context.store(notes).put(key, `fired ${dueMs - START}`);
    context.emit(out, key, `due ${dueMs - START}, time ${context.streamTimeMs - START}`);
  },
};
const close: TimerDefinition = {
  name: 'close',
  stale: 'fire',
  onDue: ({ key, dueMs }, context) => context.emit(out, key, `closed ${dueMs - START}`),
};

const step: Handler<Step> = ({ key, value }, context) => {
  const timer = key.startsWith('close') ? close : remind;
  if (value.wake !== undefined) context.wakeAt(timer, key, START + value.wake);
  if (value.cancel) context.cancel(timer, key);
  context.emit(out, key, `at ${value.at}`);
  if (value.fail) throw new Error('bad step');
};

function open(): TaskFixture {
  return new TaskFixture(
    shop(streamPart(steps, step, { timers: [remind, close], stores: [notes], outputs: [out] })),
  );
}

function send(fixture: TaskFixture, ...records: readonly (readonly [key: string, step: Step])[]): void {
  for (const [key, value] of records) fixture.send(steps, { key, value, atMs: START + value.at });
}

describe('a timer', () => {
  it('fires once, behind the record that makes it due, in the order of due time, key and name', () => {
    const fixture = open();
    send(fixture, ['b', { at: 1, wake: 20 }], ['a', { at: 2, wake: 20 }], ['c', { at: 3, wake: 10 }]);
    send(fixture, ['x', { at: 19 }], ['y', { at: 25 }], ['z', { at: 30 }]);
    fixture.run();
    expect(fixture.read('out').slice(3)).toEqual([
      'x="at 19"',
      'c="due 10, time 19"',
      'y="at 25"',
      'a="due 20, time 25"',
      'b="due 20, time 25"',
      'z="at 30"',
    ]);
    expect(fixture.read('app.shop.timers.changelog')).toEqual([
      'remind\0b=null',
      'remind\0a=null',
      'remind\0c=null',
    ]);
    expect(fixture.task.stats().get('shop')?.timersPending).toBe(0);
  });

  it('is counted while it waits', () => {
    const fixture = open();
    const pending = () => fixture.task.stats().get('shop')?.timersPending;
    expect(pending()).toBe(0);
    send(fixture, ['a', { at: 1, wake: 20 }], ['b', { at: 1, wake: 15 }], ['c', { at: 1, wake: 15 }]);
    fixture.run();
    expect(pending()).toBe(3);
    send(fixture, ['a', { at: 2, wake: 30 }], ['b', { at: 3, cancel: true }], ['d', { at: 4, wake: 1 }]);
    fixture.run();
    expect(pending()).toBe(2);
    send(fixture, ['x', { at: 16 }]);
    fixture.run();
    expect(pending()).toBe(1);
  });

  it('fires from the store after a commit and a restart, and is gone then', () => {
    const fixture = open();
    send(fixture, ['a', { at: 1, wake: 20 }], ['b', { at: 1, wake: 15 }]);
    fixture.run();
    expect(fixture.task.stats().get('shop')?.timersPending).toBe(2);
    fixture.open();
    send(fixture, ['x', { at: 16 }]);
    fixture.run();
    fixture.open();
    send(fixture, ['y', { at: 40 }], ['z', { at: 50 }]);
    fixture.run();
    expect(fixture.read('out').slice(2)).toEqual([
      'x="at 16"',
      'b="due 15, time 16"',
      'y="at 40"',
      'a="due 20, time 40"',
      'z="at 50"',
    ]);
  });

  it('replaces an earlier one of its name and key, across a commit too', () => {
    const fixture = open();
    send(fixture, ['a', { at: 1, wake: 10 }], ['a', { at: 2, wake: 20 }]);
    fixture.run();
    send(fixture, ['a', { at: 3, wake: 30 }], ['x', { at: 25 }], ['y', { at: 35 }]);
    fixture.run();
    expect(fixture.read('out').filter((line) => line.includes('due'))).toEqual(['a="due 30, time 35"']);
  });

  it('can be brought forward, and be due at once', () => {
    const fixture = open();
    send(fixture, ['a', { at: 1, wake: 50 }]);
    fixture.run();
    send(fixture, ['a', { at: 20, wake: 5 }]);
    fixture.run();
    expect(fixture.read('out').at(-1)).toBe('a="due 5, time 20"');
  });

  it('does not fire when it was cancelled, before or after the commit', () => {
    const fixture = open();
    send(fixture, ['a', { at: 1, wake: 10 }], ['a', { at: 2, cancel: true }], ['b', { at: 2, wake: 10 }]);
    fixture.run();
    send(fixture, ['b', { at: 3, cancel: true }], ['x', { at: 25 }]);
    fixture.run();
    expect(fixture.read('out').filter((line) => line.includes('due'))).toEqual([]);
    expect(fixture.task.stats().get('shop')?.timersPending).toBe(0);
  });

  it('stays as it was when the record that moved it is set aside', () => {
    const fixture = open();
    send(fixture, ['a', { at: 1, wake: 10 }], ['a', { at: 2, wake: 5, fail: true }]);
    send(
      fixture,
      ['a', { at: 3, cancel: true, fail: true }],
      ['b', { at: 4, wake: 6, fail: true }],
      ['x', { at: 25 }],
    );
    fixture.run();
    expect(fixture.read('out').filter((line) => line.includes('due'))).toEqual(['a="due 10, time 25"']);
  });

  it('that throws is gone, with its effects, and told as a dead letter', () => {
    const fixture = open();
    send(fixture, ['bad', { at: 1, wake: 10 }], ['x', { at: 25 }]);
    fixture.run();
    expect(fixture.letters).toMatchObject([
      { stage: 'timer remind', offset: -1, message: 'cannot remind', key: Buffer.from('bad') },
    ]);
    expect(fixture.read('app.shop.notes.changelog')).toEqual([]);
    expect(fixture.read('app.shop.timers.changelog')).toEqual(['remind\0bad=null']);
  });

  it('fires when idle time reaches it, with the time in the same commit', () => {
    const fixture = open();
    send(fixture, ['a', { at: 0, wake: 5000 }]);
    fixture.run();
    fixture.task.idleUntil('shop', START + 4999);
    expect(fixture.task.work(10)).toBe(0);
    fixture.task.idleUntil('shop', START + 5001);
    expect(fixture.task.drained).toBe(false);
    expect(fixture.task.work(10)).toBe(1);
    fixture.commit();
    expect(fixture.read('out').at(-1)).toBe('a="due 5000, time 5001"');
    expect(fixture.position?.times['shop']?.streamTimeMs).toBe(START + 5001);
  });

  it('that is stale is suppressed, counted and gone, unless it says that it must fire', () => {
    const fixture = open();
    send(fixture, ['a', { at: 1, wake: 10 }], ['close', { at: 1, wake: 10 }], ['b', { at: 1, wake: 11 }]);
    send(fixture, ['x', { at: 11 + 15 * MINUTE }]);
    fixture.run();
    expect(fixture.read('out').slice(4)).toEqual([
      'close="closed 10"',
      `b="due 11, time ${11 + 15 * MINUTE}"`,
    ]);
    expect(fixture.observed.filter((line) => line.includes('suppressed'))).toHaveLength(1);
    expect(fixture.task.stats().get('shop')?.timersPending).toBe(0);
  });

  it('does not stall the task when thirty days of them are due: each cut takes its part', () => {
    const fixture = open();
    for (let n = 0; n < 3000; n += 1) send(fixture, [`close-${n}`, { at: 0, wake: 1 + (n % 700) }]);
    fixture.run();
    send(fixture, ['x', { at: 30 * 24 * 60 * MINUTE }], ['y', { at: 30 * 24 * 60 * MINUTE + 1 }]);
    fixture.fetch();
    const sizes: number[] = [];
    while (fixture.task.work(1000) > 0) sizes.push(fixture.commit()?.records ?? 0);
    expect(sizes).toEqual([1000, 1000, 1000, 2]);
    const fired = fixture.read('out').slice(3000);
    expect(fired).toHaveLength(3002);
    expect(fired[0]).toContain('x=');
    expect(fired.at(-1)).toContain('y=');
    const dues = fired.slice(1, -1).map((line) => Number(line.match(/closed (\d+)/)?.[1]));
    expect(dues).toEqual([...dues].sort((left, right) => left - right));
  });

  it('is restored from the changelog of the index alone', () => {
    const fixture = open();
    send(fixture, ['a', { at: 1, wake: 10 }], ['b', { at: 1, wake: 12 }]);
    fixture.run();
    send(fixture, ['a', { at: 2, wake: 14 }], ['x', { at: 12 }]);
    fixture.run();
    const before = fixture.state;
    fixture.state = createMemoryState();
    fixture.restore();
    for (const store of ['shop.timers', 'shop.timers-due', 'shop.notes']) {
      expect([...fixture.state.keyed(store).range()]).toEqual([...before.keyed(store).range()]);
    }
    fixture.open();
    send(fixture, ['y', { at: 20 }]);
    fixture.run();
    expect(fixture.read('out').at(-1)).toBe('a="due 14, time 20"');
  });
});
