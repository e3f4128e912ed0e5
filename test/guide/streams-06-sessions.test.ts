/**
 * 06 · Sessions
 *
 * A session is a run of a key's records with no silence longer than the gap. A record that comes out of order may
 * join two sessions that were apart. A session is told when it closes: when stream time is past its last record, the
 * gap and the grace.
 */
import { describe, expect, it } from '@jest/globals';
import { jsonSerde, type StreamTopic, sessions, textSerde, topology } from '@zhongtai/streams';
import { drive } from '@zhongtai/streams/driver';

interface Click {
  readonly page: string;
  readonly atMs: number;
}

const T = Date.UTC(2026, 5, 1);
const MINUTE = 60_000;
const clicks: StreamTopic<Click> = {
  name: 'clicks',
  partitions: 'P',
  serde: jsonSerde('click'),
  eventTimeMs: ({ atMs }) => atMs,
};
const results: StreamTopic<string> = { name: 'results', partitions: 'P', serde: textSerde };

const visits = sessions<Click, readonly string[]>({
  name: 'visits',
  from: clicks,
  gapMs: 30 * MINUTE,
  graceMs: 60 * MINUTE,
  serde: jsonSerde('pages'),
  initial: [],
  add: (pages, { page }) => [...pages, page].sort(),
  merge: (earlier, later) => [...earlier, ...later].sort(),
  onChange: (key, _session, replaced, context) =>
    context.emit(results, key, `took the place of ${replaced.length}`),
  onClose: (key, { startMs, endMs, value }, context) =>
    context.emit(results, key, `${(startMs - T) / MINUTE}-${(endMs - T) / MINUTE} ${value.join(' ')}`),
  outputs: [results],
});
const visiting = topology('visiting', { order: 'free', parts: [visits] });

function driven() {
  const driver = drive(visiting, { nowMs: T });
  return {
    driver,
    click: (page: string, minute: number) =>
      driver.pipe(clicks, 'ann', { page, atMs: T + minute * MINUTE }, T + Math.max(minute, 70) * MINUTE),
    read: () => driver.read(results).map(({ value }) => value),
  };
}

describe('sessions', () => {
  it('hold records with at most the gap between them', () => {
    const { driver, click } = driven();
    click('a', 0);
    click('b', 30);
    click('c', 61);
    const [[, open] = ['', []]] = driver.store<readonly { readonly value: unknown }[]>('visits').entries();
    expect(open.map(({ value }) => value)).toEqual([['a', 'b'], ['c']]);
  });

  it('become one when a record between them comes late', () => {
    const { driver, click, read } = driven();
    click('a', 0);
    click('c', 50);
    click('b', 25);
    expect(read()).toEqual(['took the place of 0', 'took the place of 0', 'took the place of 2']);
    driver.advance(180 * MINUTE);
    expect(read()).toEqual(['0-50 a b c']);
  });

  it('are told once, in the order of their times, and leave the store', () => {
    const { driver, click, read } = driven();
    click('b', 40);
    click('a', 0);
    read();
    driver.advance(180 * MINUTE);
    expect(read()).toEqual(['0-0 a', '40-40 b']);
    expect(driver.store('visits').entries()).toEqual([]);
    expect(driver.timers()).toEqual([]);
  });

  it('set one timer for each key, not one for each record', () => {
    const { driver, click } = driven();
    for (let minute = 0; minute < 60; minute += 5) click('a', minute);
    expect(driver.timers()).toHaveLength(1);
  });
});
