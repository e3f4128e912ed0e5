/**
 * 10 · Crashes
 *
 * Outputs, changelogs and the position of the inputs are one transaction; only when it is committed is it applied to
 * the local state. So a task may die anywhere: what was not committed never happened, what was is found again. The
 * next owner first fences the former one, then reads the position, then follows the changelogs to their ends. A former
 * owner that wakes is refused, by the log and by the local state.
 */
import { describe, expect, it } from '@jest/globals';
import { count, jsonSerde, numberSerde, type StreamTopic, topology } from '@zhongtai/streams';
import { type Driver, drive, faultSteps, randomSchedule } from '@zhongtai/streams/driver';

const clicks: StreamTopic<object> = { name: 'clicks', partitions: 'P', serde: jsonSerde('click') };
const totals: StreamTopic<number> = { name: 'totals', partitions: 'P', serde: numberSerde };
const counting = topology('counting', {
  order: 'free',
  parts: [
    count({
      name: 'clicks-per-page',
      from: clicks,
      onChange: (key, value, context) => context.emit(totals, key, value),
      outputs: [totals],
    }),
  ],
});

function click(driver: Driver, times: number): void {
  for (let n = 0; n < times; n += 1) driver.pipe(clicks, 'home', {});
}

function totalsOf(driver: Driver): readonly (number | null)[] {
  return driver.read(totals).map(({ value }) => value);
}

describe('a task that dies', () => {
  it.each(faultSteps.filter((step) => step !== 'restoring'))('%s: each record counts once', (step) => {
    const driver = drive(counting);
    click(driver, 2);
    driver.crashAt(step);
    click(driver, 3);
    expect(totalsOf(driver)).toEqual([1, 2, 3, 4, 5]);
    expect(driver.store('clicks-per-page').get('home')).toBe(5);
  });

  it('while it restores: the next one goes on from what that one had applied', () => {
    const driver = drive(counting);
    click(driver, 2);
    driver.crashAt('before-cut', { losesStore: true });
    driver.crashAt('restoring');
    click(driver, 3);
    expect(totalsOf(driver)).toEqual([1, 2, 3, 4, 5]);
  });

  it('with its disk: the state comes back from the changelog', () => {
    const driver = drive(counting);
    click(driver, 2);
    driver.crashAt('after-commit', { losesStore: true });
    click(driver, 1);
    expect(driver.store('clicks-per-page').get('home')).toBe(3);
  });

  it('and is taken over by another process, whose copy is old', () => {
    const driver = drive(counting);
    click(driver, 2);
    driver.crashAt('after-apply', { moves: true });
    click(driver, 2);
    driver.crashAt('after-apply', { moves: true });
    click(driver, 2);
    expect(totalsOf(driver)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('again and again, at random: the same seed gives the same schedule', () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const driver = drive(counting, { schedule: randomSchedule(seed, { faultShare: 0.4 }) });
      click(driver, 12);
      expect(totalsOf(driver)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    }
  });
});
