/**
 * 07 · Timers
 *
 * `wakeAt(timer, key, dueMs)` calls the timer's `onDue` when stream time reaches the due time: event time, not a
 * clock of the machine. A timer is part of the state: it fires in the transaction that deletes it. The same timer and
 * key again replaces it, `cancel` takes it away. When nothing comes for a while, stream time follows the clock.
 */
import { describe, expect, it } from '@jest/globals';
import {
  jsonSerde,
  type StreamTopic,
  stream,
  type TimerDefinition,
  textSerde,
  topology,
} from '@zhongtai/streams';
import { drive } from '@zhongtai/streams/driver';

interface Cart {
  readonly does: 'change' | 'pay';
  readonly atMs: number;
}

const T = Date.UTC(2026, 5, 1);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const carts: StreamTopic<Cart> = {
  name: 'carts',
  partitions: 'P',
  serde: jsonSerde('cart'),
  eventTimeMs: ({ atMs }) => atMs,
};
const reminders: StreamTopic<string> = { name: 'reminders', partitions: 'P', serde: textSerde };

const abandoned: TimerDefinition = {
  name: 'abandoned',
  onDue: ({ key, dueMs }, context) => context.emit(reminders, key, `at ${(dueMs - T) / MINUTE}`),
};
function reminding(timer: TimerDefinition) {
  return topology('reminding', {
    order: 'free',
    parts: [
      stream(
        carts,
        ({ key, value }, context) => {
          if (value.does === 'pay') context.cancel(timer, key);
          else context.wakeAt(timer, key, value.atMs + 30 * MINUTE);
        },
        { timers: [timer], outputs: [reminders] },
      ),
    ],
  });
}

function driven(timer = abandoned) {
  const driver = drive(reminding(timer), { nowMs: T });
  return {
    driver,
    cart: (key: string, does: Cart['does'], minute: number, ingestMinute = minute) =>
      driver.pipe(carts, key, { does, atMs: T + minute * MINUTE }, T + ingestMinute * MINUTE),
    read: () => driver.read(reminders).map(({ key, value }) => `${key} ${value}`),
  };
}

describe('timers', () => {
  it('fire when stream time reaches them, whichever record moves it', () => {
    const { cart, read } = driven();
    cart('ann', 'change', 0);
    cart('ben', 'change', 29);
    expect(read()).toEqual([]);
    cart('cid', 'change', 30);
    expect(read()).toEqual(['ann at 30']);
  });

  it('are replaced by the same timer of the same key', () => {
    const { driver, cart, read } = driven();
    cart('ann', 'change', 0);
    cart('ann', 'change', 10);
    expect(driver.timers().map(({ dueMs }) => (dueMs - T) / MINUTE)).toEqual([40]);
    cart('ben', 'change', 50);
    expect(read()).toEqual(['ann at 40']);
  });

  it('are cancelled', () => {
    const { driver, cart, read } = driven();
    cart('ann', 'change', 0);
    cart('ann', 'pay', 1);
    driver.advance(DAY);
    expect(read()).toEqual([]);
  });

  it('fire with the clock when nothing comes, but not before the topology counts as idle', () => {
    const { driver, cart, read } = driven();
    cart('ann', 'change', 0);
    driver.advance(29 * MINUTE);
    expect(read()).toEqual([]);
    driver.advance(MINUTE);
    expect(read()).toEqual(['ann at 30']);
  });

  it('found due 15 minutes too late tell nobody anything: a replay fires no old reminder', () => {
    const { cart, read } = driven();
    const monthLater = 30 * 24 * 60;
    cart('ann', 'change', 0, monthLater);
    cart('ben', 'change', 60, monthLater);
    expect(read()).toEqual([]);
  });

  it('fire however stale when their result must come', () => {
    const { cart, read } = driven({ ...abandoned, stale: 'fire' });
    const monthLater = 30 * 24 * 60;
    cart('ann', 'change', 0, monthLater);
    cart('ben', 'change', 60, monthLater);
    expect(read()).toEqual(['ann at 30']);
  });
});
