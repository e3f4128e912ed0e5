import { describe, expect, it } from '@jest/globals';
import { check } from './check.ts';
import type { Topics } from './read-topics.ts';
import { bucketMs } from './records.ts';

const timeMs = 1_790_000_000_000;
const bucket = Math.floor(timeMs / bucketMs) * bucketMs;

/** Two orders of one customer, each paid once, worked without a fault. */
function sound(): { -readonly [K in keyof Topics]: Topics[K][number][] } {
  const order = (n: number) => ({ id: `o${n}`, customer: 'c1', sequence: n, timeMs });
  const paid = (n: number) => ({ order: `o${n}`, payment: `p${n}`, customer: 'c1', timeMs });
  const orders = [1, 2].map((n) => ({ place: `proof.orders/0/${n}`, key: `k${n}`, value: order(n) }));
  const byCustomer = [1, 2].map((n) => ({ place: `by/0/${n}`, key: 'c1', value: paid(n) }));
  return {
    orders,
    payments: [1, 2].map((n) => ({ place: `pay/0/${n}`, key: `k${n}`, value: { id: `p${n}`, timeMs } })),
    members: [],
    byCustomer,
    echo: orders.map((record) => ({ ...record, from: '' })),
    enriched: byCustomer.map((record, n) => ({
      ...record,
      from: record.place,
      value: { ...record.value, version: n },
    })),
    totals: [1, 2].map((count) => ({ place: `totals/0/${count}`, key: 'c1', from: '', value: { count } })),
    closed: [
      { place: 'closed/0/0', key: 'c1', from: '', value: { customer: 'c1', bucketMs: bucket, count: 2 } },
    ],
    late: [],
    deadLetters: [],
  };
}

type Flaw = (topics: ReturnType<typeof sound>) => void;

const flaws: readonly (readonly [what: string, flaw: Flaw, fault: RegExp])[] = [
  ['a copy that is lost', (t) => t.echo.pop(), /echo: 1 lost/],
  [
    'a pair that comes twice',
    (t) => t.byCustomer.push(...t.byCustomer.slice(0, 1)),
    /window join: 0 lost, 1 too many/,
  ],
  ['a pair that is lost', (t) => [t.byCustomer.pop(), t.enriched.pop()], /window join: 1 lost/],
  [
    'a record joined twice',
    (t) => t.enriched.push(...t.enriched.slice(0, 1)),
    /table join: 0 lost, 1 too many/,
  ],
  ['a count that went back', (t) => t.totals.reverse(), /totals: 2 counts out of order/],
  ['a count that is said twice', (t) => t.totals.push(...t.totals.slice(0, 1)), /totals: 0 lost, 1 too many/],
  ['a timer that fired twice', (t) => t.closed.push(...t.closed), /timers: 0 lost, 1 too many/],
  ['a timer that never fired', (t) => t.closed.pop(), /timers: 1 lost/],
  ['a table that went back', (t) => t.enriched.reverse(), /older version/],
];

describe('what the proof of exactly-once compares', () => {
  it('finds nothing where nothing is wrong', () => {
    const faults: string[] = [];
    expect(check(sound(), 'none', faults)).toMatchObject({ lost: 0, doubled: 0, outOfOrder: 0, outputs: 7 });
    expect(faults).toEqual([]);
  });

  it.each(flaws)('finds %s', (_what, flaw, fault) => {
    const topics = sound();
    flaw(topics);
    const faults: string[] = [];
    check(topics, 'none', faults);
    expect(faults.join('\n')).toMatch(fault);
  });

  it('finds copies of one key in another order', () => {
    const topics = sound();
    for (const record of [...topics.orders, ...topics.echo]) Object.assign(record, { key: 'k' });
    topics.echo.reverse();
    const faults: string[] = [];
    check(topics, 'none', faults);
    expect(faults.join('\n')).toMatch(/1 keys out of order/);
  });

  it('finds late records where none may be, and their absence where some must be', () => {
    const faults: string[] = [];
    check(sound(), 'some', faults);
    expect(faults).toEqual([expect.stringMatching(/no record was late/)]);
  });
});
