import { describe, expect, it } from '@jest/globals';
import { drive } from '../driver/index.ts';
import { topology } from '../topology/topology.ts';
import type { StreamTopic } from '../topology/types.ts';
import { jsonSerde, textSerde } from './serdes.ts';
import { windowCount } from './window-aggregate.ts';
import { tumbling } from './windows.ts';

interface Fact {
  readonly atMs: number;
}

const T = Date.UTC(2026, 5, 1);
const facts: StreamTopic<Fact> = {
  name: 'facts',
  partitions: 'P',
  serde: jsonSerde('fact'),
  eventTimeMs: ({ atMs }) => atMs,
};
const results: StreamTopic<string> = { name: 'results', partitions: 'P', serde: textSerde };

let isBroken = false;
const closing = windowCount<Fact>({
  name: 'closing',
  from: facts,
  windows: tumbling(100),
  graceMs: 1000,
  onClose: (key, { startMs, value }, context) => {
    if (isBroken) throw new Error('a bad deploy');
    context.emit(results, key, `${startMs - T}: ${value}`);
  },
  outputs: [results],
});

function driven() {
  const driver = drive(topology('spans', { order: 'free', parts: [closing] }), { nowMs: T });
  return {
    driver,
    fact: (key: string, ms: number) => driver.pipe(facts, key, { atMs: T + ms }, T + Math.max(0, ms)),
    read: () => driver.read(results).map(({ value }) => value),
  };
}

describe('open spans', () => {
  it('move their timer to an earlier span that comes later', () => {
    const { driver, fact } = driven();
    fact('a', 500);
    fact('a', 0);
    expect(driver.timers().map(({ dueMs }) => dueMs - T)).toEqual([1100]);
  });

  it('set their timer again until the last is closed, each told once and in order', () => {
    const { driver, fact, read } = driven();
    for (const ms of [300, 0, 310, 120]) fact('a', ms);
    fact('b', 1250);
    expect(read()).toEqual(['0: 1', '100: 1']);
    expect(driver.timers().map(({ key, dueMs }) => [key, dueMs - T])).toEqual([
      ['a', 1400],
      ['b', 2300],
    ]);
    fact('b', 5000);
    expect(read()).toEqual(['300: 2', '1200: 1']);
  });

  it('whose closing went to the dead letters have their chance with the next record of the key', () => {
    const { driver, fact, read } = driven();
    fact('a', 0);
    isBroken = true;
    fact('b', 1200);
    expect(driver.deadLetters().map(({ stage, key }) => [stage, key])).toEqual([['timer closing', 'a']]);
    isBroken = false;
    expect(read()).toEqual([]);
    fact('a', 1210);
    expect(read()).toEqual(['0: 1']);
  });
});
