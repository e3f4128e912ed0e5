/**
 * 05 · Joins
 *
 * Two streams are joined when their records of one key happened near each other: a window join, whichever came
 * first. A stream is joined to a table by what the table says now (table join, global join), or by what it said when
 * the record happened (as-of join). What is joined by key lies in the same partition of topics with one partition
 * count; a global table is copied whole and asked for any key.
 */
import { describe, expect, it } from '@jest/globals';
import {
  asOfJoin,
  globalJoin,
  globalTable,
  jsonSerde,
  type StreamTopic,
  table,
  tableJoin,
  textSerde,
  topology,
  versionedTable,
  windowJoin,
} from '@zhongtai/streams';
import { drive } from '@zhongtai/streams/driver';

interface Said {
  readonly text: string;
  readonly atMs: number;
}

const T = Date.UTC(2026, 5, 1);
const S = 1000;
function said(name: string): StreamTopic<Said> {
  return { name, partitions: 'P', serde: jsonSerde('said'), eventTimeMs: ({ atMs }) => atMs };
}
const orders = said('orders');
const beacons = said('beacons');
const prices = said('prices');
const shops: StreamTopic<Said> = { ...said('shops'), partitions: 1 };
const results: StreamTopic<string> = { name: 'results', partitions: 'P', serde: textSerde };

function driven(parts: Parameters<typeof topology>[1]['parts']) {
  const driver = drive(topology('joining', { order: 'arrival', parts }), { partitions: 2, nowMs: T });
  return {
    driver,
    tell: (topic: StreamTopic<Said>, key: string, text: string, second: number) =>
      driver.pipe(topic, key, { text, atMs: T + second * S }, T + second * S),
    results: () => driver.read(results).map(({ value }) => value),
  };
}

describe('a window join', () => {
  const outer = windowJoin<Said, Said>({
    name: 'pickup',
    left: orders,
    right: beacons,
    beforeMs: 0,
    afterMs: 60 * S,
    graceMs: 10 * S,
    match: (key, order, beacon, context) =>
      context.emit(results, key, `${order.value.text} ${beacon.value.text}`),
    onlyLeft: (key, order, context) => context.emit(results, key, `${order.value.text} alone`),
    outputs: [results],
  });

  it('finds pairs within the window, whichever side came first', () => {
    const { tell, results } = driven([outer]);
    tell(orders, 'ann', 'order', 0);
    tell(beacons, 'ann', 'door', 60);
    tell(beacons, 'ben', 'door', 62);
    tell(orders, 'ben', 'order', 61);
    expect(results()).toEqual(expect.arrayContaining(['order door', 'order door']));
  });

  it('tells a left record without a match once, when none can come any more', () => {
    const { driver, tell, results } = driven([outer]);
    tell(orders, 'ann', 'order', 0);
    tell(beacons, 'ann', 'too late', 69);
    expect(results()).toEqual([]);
    driver.advance(90 * S);
    expect(results()).toEqual(['order alone']);
  });

  it('does not join what is beyond the grace: it is late', () => {
    const { driver, tell, results } = driven([outer]);
    tell(beacons, 'ann', 'door', 50);
    driver.pipe(orders, 'ann', { text: 'order', atMs: T + 39 * S }, T + 51 * S);
    expect(driver.late().map(({ latenessMs }) => latenessMs)).toEqual([11 * S]);
    expect(results()).toEqual([]);
  });
});

describe('a table join', () => {
  const names = table(said('profiles'));
  const profiles = names.inputs?.[0]?.topic ?? said('profiles');
  const part = tableJoin<Said, Said>({
    name: 'named',
    stream: orders,
    table: names,
    join: ({ key, value }, row, context) => context.emit(results, key, `${value.text} of ${row.text}`),
    outputs: [results],
  });

  it('takes the row that is there now; without one the record is dropped, or told by `otherwise`', () => {
    const { tell, results } = driven([names, part]);
    tell(orders, 'c-1', 'first', 0);
    tell(profiles, 'c-1', 'Ann', 1);
    tell(orders, 'c-1', 'second', 2);
    expect(results()).toEqual(['second of Ann']);
  });
});

describe('a global join', () => {
  it('asks for any key: the table is whole in each process', () => {
    const places = globalTable(shops);
    const part = globalJoin<Said, Said>({
      name: 'placed',
      stream: orders,
      table: places,
      key: ({ value }) => value.text,
      join: ({ key }, row, context) => context.emit(results, key, row.text),
      otherwise: ({ key }, context) => context.emit(results, key, 'nowhere'),
      outputs: [results],
    });
    const { tell, results: read } = driven([places, part]);
    tell(shops, 's-1', 'Taipei', 0);
    for (const key of ['a', 'b', 'c', 'd']) tell(orders, key, 's-1', 1);
    tell(orders, 'e', 's-2', 1);
    expect(read().sort()).toEqual(['Taipei', 'Taipei', 'Taipei', 'Taipei', 'nowhere']);
  });
});

describe('an as-of join', () => {
  const history = versionedTable(prices, { historyMs: 60 * S });
  const part = asOfJoin<Said, Said>({
    name: 'priced',
    stream: orders,
    table: history,
    join: ({ key, value }, row, context) => context.emit(results, key, `${value.text} at ${row.text}`),
    outputs: [results],
  });

  it('takes the row that was valid when the record happened', () => {
    const { driver, tell, results: read } = driven([history, part]);
    tell(prices, 'tea', '30', 0);
    tell(prices, 'tea', '35', 20);
    driver.pipe(orders, 'tea', { text: 'early', atMs: T + 19 * S }, T + 21 * S);
    tell(orders, 'tea', 'later', 22);
    expect(read()).toEqual(['early at 30', 'later at 35']);
  });

  it('knows a deletion as a version, and no more of the past than its history', () => {
    const { driver, tell, results: read } = driven([history, part]);
    tell(prices, 'tea', '30', 0);
    driver.pipe(prices, 'tea', null, T + 20 * S);
    tell(orders, 'tea', 'gone', 21);
    tell(prices, 'tea', '40', 100);
    driver.pipe(orders, 'tea', { text: 'long ago', atMs: T + 5 * S }, T + 101 * S);
    driver.pipe(orders, 'tea', { text: 'now', atMs: T + 101 * S }, T + 101 * S);
    expect(read()).toEqual(['now at 40']);
  });
});
