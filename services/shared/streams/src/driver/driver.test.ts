import { describe, expect, it } from '@jest/globals';
import {
  application,
  count,
  jsonSerde,
  numberSerde,
  rekey,
  type StreamTopic,
  stream,
  textSerde,
  topology,
  windowJoin,
} from '../index.ts';
import { drive, faultSteps } from './index.ts';

interface Click {
  readonly page: string;
  readonly atMs: number;
}

const clicks: StreamTopic<Click> = {
  name: 'clicks',
  partitions: 'P',
  serde: jsonSerde('click'),
  eventTimeMs: ({ atMs }) => atMs,
};
const views: StreamTopic<Click> = { ...clicks, name: 'views' };
const pairs: StreamTopic<string> = { name: 'pairs', partitions: 'P', serde: textSerde };
const counts: StreamTopic<number> = { name: 'counts', partitions: 'P', serde: numberSerde };
const passed: StreamTopic<string> = { ...pairs, name: 'passed' };
const byPage = rekey('by-page', textSerde);

const joining = topology('joining', {
  order: 'free',
  parts: [
    windowJoin<Click, Click>({
      name: 'near',
      left: clicks,
      right: views,
      beforeMs: 1000,
      afterMs: 1000,
      graceMs: 500,
      match: (key, left, right, context) => {
        context.emit(pairs, key, `${left.value.page}+${right.value.page}`);
        context.emit(byPage, left.value.page, key);
      },
      onlyLeft: (key, left, context) => context.emit(pairs, key, `${left.value.page}+`),
      onlyRight: (key, right, context) => context.emit(pairs, key, `+${right.value.page}`),
      outputs: [pairs, byPage],
    }),
  ],
});
const counting = topology('counting', {
  order: 'free',
  parts: [
    count({
      name: 'pages',
      from: byPage,
      onChange: (key, value, context) => context.emit(counts, key, value),
      outputs: [counts],
    }),
  ],
});
const both = application('shop', [joining, counting]);
const T = Date.UTC(2026, 5, 1);

describe('the driver', () => {
  it('runs a join, a rekeyed stage and a count', () => {
    const driver = drive(both, { partitions: 3, nowMs: T });
    driver.pipe(clicks, 'a', { page: 'x', atMs: T }, T);
    driver.pipe(views, 'a', { page: 'y', atMs: T + 900 }, T + 900);
    driver.pipe(views, 'a', { page: 'z', atMs: T + 1001 }, T + 1001);
    driver.pipe(clicks, 'b', { page: 'x', atMs: T + 1002 }, T + 1002);
    driver.pipe(views, 'b', { page: 'w', atMs: T + 1003 }, T + 1003);
    expect(driver.read(pairs).map(({ key, value }) => [key, value])).toEqual(
      expect.arrayContaining([
        ['a', 'x+y'],
        ['b', 'x+w'],
      ]),
    );
    expect(driver.read(counts).map(({ key, value }) => [key, value])).toEqual([
      ['x', 1],
      ['x', 2],
    ]);
    expect(driver.store('pages').entries()).toEqual([['x', 2]]);
    expect(driver.timers().map(({ key }) => key)).toEqual(['a']);
    driver.advance(20_000);
    expect(driver.read(pairs).map(({ key, value }) => [key, value])).toEqual([['a', '+z']]);
    expect(driver.timers()).toEqual([]);
    expect(driver.deadLetters()).toEqual([]);
    expect(driver.late()).toEqual([]);
  });

  it.each(faultSteps)('loses and doubles nothing when the owner dies %s', (step) => {
    for (const losesStore of [false, true]) {
      for (const moves of [false, true]) {
        const driver = drive(both, { nowMs: T });
        driver.pipe(clicks, 'a', { page: 'x', atMs: T }, T);
        driver.crashAt(step, { losesStore, moves });
        // An owner that dies while it restores must have begun to.
        if (step === 'restoring') driver.crashAt('before-cut', { losesStore: true });
        driver.pipe(views, 'a', { page: 'y', atMs: T + 900 }, T + 900);
        driver.pipe(views, 'a', { page: 'z', atMs: T + 1000 }, T + 1000);
        expect(driver.read(pairs).map(({ value }) => value)).toEqual(['x+y', 'x+z']);
        expect(driver.read(counts).map(({ value }) => value)).toEqual([1, 2]);
      }
    }
  });

  it.each(faultSteps)('runs what keeps nothing, when the owner dies %s too', (step) => {
    const passing = stream(pairs, ({ key, value }, context) => context.emit(passed, key, value), {
      outputs: [passed],
    });
    const driver = drive(topology('passing', { order: 'free', parts: [passing] }));
    driver.crashAt(step);
    for (const value of ['a', 'b', 'c']) driver.pipe(pairs, 'k', value);
    expect(driver.read(passed).map(({ value }) => value)).toEqual(['a', 'b', 'c']);
  });
});
