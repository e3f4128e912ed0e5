import { describe, expect, it } from '@jest/globals';
import type { TimerDefinition } from '../topology/types.ts';
import { jsonTopic, shop, streamPart, TaskFixture } from './fixture.ts';
import type { Letter } from './types.ts';

const orders = jsonTopic<number>('orders');
const out = jsonTopic<number>('out');
const away = () => Object.assign(new Error('the registry is away'), { failure: 'retryable' });

describe('a record that waits for the world', () => {
  it('leaves those before it worked and to be committed', () => {
    let isAway = true;
    const part = streamPart(
      orders,
      ({ key, value }, context) => {
        if (value === 3 && isAway) throw away();
        context.emit(out, key, value);
      },
      { outputs: [out] },
    );
    const fixture = new TaskFixture(shop(part));
    fixture.commit();
    fixture.send(orders, ...[1, 2, 3, 4].map((value) => ({ key: 'k', value })));
    fixture.fetch();
    expect(() => fixture.task.work(10)).toThrow('the registry is away');
    expect(fixture.task.pending).toMatchObject({ records: 2, changed: true });
    fixture.commit();
    expect(fixture.read('out')).toEqual(['k=1', 'k=2']);
    expect(fixture.position?.inputs).toEqual({ orders: 2 });
    isAway = false;
    fixture.run();
    expect(fixture.read('out')).toEqual(['k=1', 'k=2', 'k=3', 'k=4']);
  });
});

describe('a timer whose letter cannot be written yet', () => {
  it('stays, and fires when it can', () => {
    let isAway = true;
    const wake: TimerDefinition = {
      name: 'wake',
      onDue: () => {
        throw new Error('a bad timer');
      },
    };
    const part = streamPart(orders, ({ key }, context) => context.wakeAt(wake, key, context.streamTimeMs), {
      timers: [wake],
    });
    const letters: Letter[] = [];
    const fixture = new TaskFixture(shop(part), {
      deadLetter: (letter) => {
        if (isAway) throw away();
        letters.push(letter);
        return { topic: 'dead-letter', partition: 0, key: letter.key, value: null, timestampMs: 0 };
      },
    });
    fixture.send(orders, { key: 'k', value: 1 });
    fixture.fetch();
    expect(() => fixture.task.work(10)).toThrow('the registry is away');
    fixture.commit();
    isAway = false;
    fixture.open();
    fixture.run();
    expect(letters.map(({ stage }) => stage)).toEqual(['timer wake']);
  });
});
