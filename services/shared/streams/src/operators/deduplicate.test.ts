import { describe, expect, it } from '@jest/globals';
import { drive } from '../driver/index.ts';
import { topology } from '../topology/topology.ts';
import type { StreamTopic } from '../topology/types.ts';
import { deduplicate } from './deduplicate.ts';
import { textSerde } from './serdes.ts';

const T = Date.UTC(2026, 5, 1);
const MINUTE = 60_000;
const events: StreamTopic<string> = { name: 'events', partitions: 'P', serde: textSerde };
const firsts: StreamTopic<string> = { name: 'firsts', partitions: 'P', serde: textSerde };
const repeats: StreamTopic<string> = { name: 'repeats', partitions: 'P', serde: textSerde };

function driven(isTold: boolean) {
  const part = deduplicate<string>({
    name: 'ids',
    from: events,
    id: (value) => value,
    withinMs: 10 * MINUTE,
    forward: ({ key, value }, context) => context.emit(firsts, key, value),
    ...(isTold && { onRepeat: ({ key, value }, context) => context.emit(repeats, key, value) }),
    outputs: [firsts, repeats],
  });
  const driver = drive(topology('deduplicating', { order: 'free', parts: [part] }), { nowMs: T });
  return { driver, event: (id: string, minute: number) => driver.pipe(events, 'k', id, T + minute * MINUTE) };
}

describe('deduplicate', () => {
  it('lets the first of each id pass, and it again behind the window', () => {
    const { driver, event } = driven(false);
    for (const [id, minute] of [
      ['a', 0],
      ['a', 5],
      ['b', 6],
      ['a', 10],
      ['a', 11],
    ] as const)
      event(id, minute);
    expect(driver.read(firsts).map(({ value }) => value)).toEqual(['a', 'b', 'a']);
  });

  it('tells repeats to those who want to know', () => {
    const { driver, event } = driven(true);
    event('a', 0);
    event('a', 5);
    expect(driver.read(repeats).map(({ value }) => value)).toEqual(['a']);
  });
});
