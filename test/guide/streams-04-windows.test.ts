/**
 * 04 · Windows
 *
 * A window is a span of event time. Tumbling windows touch, hopping ones overlap. Results come with each change, or
 * once when the window closes: when stream time is past its end and the grace. A store of windows keeps them for
 * size + grace and some slack, and drops them by the piece.
 */
import { describe, expect, it } from '@jest/globals';
import {
  hopping,
  jsonSerde,
  numberSerde,
  type StreamTopic,
  textSerde,
  topology,
  tumbling,
  windowAggregate,
  windowCount,
} from '@zhongtai/streams';
import { drive } from '@zhongtai/streams/driver';

interface Sale {
  readonly amount: number;
  readonly atMs: number;
}

const T = Date.UTC(2026, 5, 1);
const MINUTE = 60_000;
const sales: StreamTopic<Sale> = {
  name: 'sales',
  partitions: 'P',
  serde: jsonSerde('sale'),
  eventTimeMs: ({ atMs }) => atMs,
};
const results: StreamTopic<string> = { name: 'results', partitions: 'P', serde: textSerde };

const closing = windowAggregate<Sale, number>({
  name: 'turnover',
  from: sales,
  windows: tumbling(10 * MINUTE),
  graceMs: MINUTE,
  serde: numberSerde,
  initial: 0,
  add: (sum, { amount }) => sum + amount,
  onClose: (key, { startMs, value }, context) =>
    context.emit(results, key, `${(startMs - T) / MINUTE}: ${value}`),
  outputs: [results],
});

function sell(driver: ReturnType<typeof drive>, minute: number, amount = 1): void {
  driver.pipe(sales, 'shop', { amount, atMs: T + minute * MINUTE }, T + minute * MINUTE);
}

describe('windows', () => {
  it('tell each change, when that is wanted', () => {
    const changing = windowCount<Sale>({
      name: 'sales-count',
      from: sales,
      windows: tumbling(10 * MINUTE),
      graceMs: MINUTE,
      onChange: (key, { startMs, value }, context) =>
        context.emit(results, key, `${(startMs - T) / MINUTE}: ${value}`),
      outputs: [results],
    });
    const driver = drive(topology('changing', { order: 'free', parts: [changing] }), { nowMs: T });
    for (const minute of [1, 2, 12]) sell(driver, minute);
    expect(driver.read(results).map(({ value }) => value)).toEqual(['0: 1', '0: 2', '10: 1']);
  });

  it('tell their result once, when nothing of theirs can come any more', () => {
    const driver = drive(topology('closing', { order: 'free', parts: [closing] }), { nowMs: T });
    sell(driver, 1, 5);
    sell(driver, 9, 7);
    sell(driver, 10, 100);
    expect(driver.read(results)).toEqual([]);
    sell(driver, 11, 100);
    expect(driver.read(results).map(({ value }) => value)).toEqual(['0: 12']);
  });

  it('close however far time jumps', () => {
    const driver = drive(topology('closing', { order: 'free', parts: [closing] }), { nowMs: T });
    sell(driver, 1, 5);
    sell(driver, 30 * 24 * 60, 1);
    expect(driver.read(results).map(({ value }) => value)).toEqual(['0: 5']);
  });

  it('close with the clock when nothing comes', () => {
    const driver = drive(topology('closing', { order: 'free', parts: [closing] }), { nowMs: T });
    sell(driver, 1, 5);
    driver.advance(12 * MINUTE);
    expect(driver.read(results).map(({ value }) => value)).toEqual(['0: 5']);
    expect(driver.store('turnover').entries()).toEqual([]);
  });

  it('overlap when they hop', () => {
    const moving = windowCount<Sale>({
      name: 'moving',
      from: sales,
      windows: hopping(10 * MINUTE, 5 * MINUTE),
      graceMs: 0,
    });
    const driver = drive(topology('hopping', { order: 'free', parts: [moving] }), { nowMs: T });
    sell(driver, 7);
    expect(
      driver
        .store('moving')
        .windows()
        .map(({ timeMs }) => (timeMs - T) / MINUTE),
    ).toEqual([0, 5]);
  });

  it('leave the store by the piece when they are beyond retention', () => {
    const day = windowCount<Sale>({ name: 'count', from: sales, windows: tumbling(10 * MINUTE), graceMs: 0 });
    const driver = drive(topology('dropping', { order: 'free', parts: [day] }), { nowMs: T });
    for (let minute = 0; minute < 120; minute += 10) sell(driver, minute);
    const kept = driver
      .store('count')
      .windows()
      .map(({ timeMs }) => (timeMs - T) / MINUTE);
    expect(kept).toContain(110);
    expect(kept).not.toContain(70);
  });
});
