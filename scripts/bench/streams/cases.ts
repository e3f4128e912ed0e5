import { type BenchEvent, benchEvent, chance, customerOf, lone } from './records.ts';

export const caseNames = ['map', 'count', 'join', 'table', 'sessions', 'timers'] as const;
export type CaseName = (typeof caseNames)[number];

export const partitions = 4;

/** What both engines are told, so that both do the same. */
export const parameters = {
  windowMs: 5000,
  graceMs: 600_000,
  gapMs: 120_000,
  sessionGraceMs: 60_000,
  waitMs: 60_000,
} as const;

/** A record that is to be published to one of the case's inputs. */
export interface Fed {
  readonly input: number;
  readonly event: BenchEvent;
  readonly timestampMs: number;
}

export interface BenchCase {
  readonly name: CaseName;
  readonly inputs: number;
  /** The last results come only when time moves on: events that do nothing else follow. */
  readonly needsTicks: boolean;
  /** About `records` records over all inputs, the last of them stamped a few minutes before `endMs`. */
  feed(records: number, endMs: number): Iterable<Fed>;
  /** The n-th event that happens now. */
  live(n: number, nowMs: number): Fed;
}

const spacingMs = 5;
const beforeEndMs = 30 * 60_000;
/** Events come in this long after they happened, so that those out of order by less come in order. */
const transportMs = 5000;
const mostDelayMs = 4000;

const saleOf = (n: number, timeMs: number): BenchEvent => benchEvent('sale', n, customerOf(n), timeMs);

function* sales(records: number, endMs: number): Iterable<Fed> {
  const startMs = endMs - beforeEndMs - records * spacingMs;
  for (let n = 0; n < records; n++) {
    const timeMs = startMs + n * spacingMs;
    yield { input: 0, event: saleOf(n, timeMs), timestampMs: timeMs + transportMs };
  }
}

/** Nine payments in ten are for the sale of the same number, up to 4 s later; the tenth is somebody else's. */
function paymentOf(n: number, saleMs: number, mostLaterMs: number): BenchEvent {
  const payer = chance(n, 3) < 0.9 ? customerOf(n) : customerOf(n + 7_919);
  return benchEvent('payment', n, payer, saleMs + Math.floor(chance(n, 4) * mostLaterMs));
}

function* salesAndPayments(records: number, endMs: number): Iterable<Fed> {
  const pairs = Math.floor(records / 2);
  for (const sale of sales(pairs, endMs)) {
    const n = Number(sale.event.order.slice('bench-'.length));
    yield sale;
    const event = paymentOf(n, sale.event.event_time, mostDelayMs);
    yield { input: 1, event, timestampMs: sale.timestampMs };
  }
}

/** A tenth of the records are profiles, older than all sales: a table that is whole before the first sale. */
function* profilesAndSales(records: number, endMs: number): Iterable<Fed> {
  const profiles = Math.floor(records / 10);
  const startMs = endMs - beforeEndMs - records * spacingMs - transportMs - profiles;
  for (let n = 0; n < profiles; n++) {
    const event = benchEvent('profile', n, lone(n), startMs + n);
    yield { input: 1, event, timestampMs: startMs + n };
  }
  yield* sales(records - profiles, endMs);
}

const liveSale = (n: number, nowMs: number): Fed => ({
  input: 0,
  event: saleOf(n, nowMs),
  timestampMs: nowMs,
});

const one = { inputs: 1, needsTicks: false, feed: sales, live: liveSale } as const;

export const cases: Readonly<Record<CaseName, BenchCase>> = {
  map: { ...one, name: 'map' },
  count: { ...one, name: 'count' },
  join: {
    name: 'join',
    inputs: 2,
    needsTicks: false,
    feed: salesAndPayments,
    live(n, nowMs) {
      const pair = n >> 1;
      if (n % 2 === 0) return liveSale(pair, nowMs);
      return { input: 1, event: { ...paymentOf(pair, nowMs, 0) }, timestampMs: nowMs };
    },
  },
  table: { ...one, name: 'table', inputs: 2, feed: profilesAndSales },
  sessions: { ...one, name: 'sessions', needsTicks: true },
  timers: { ...one, name: 'timers', needsTicks: true },
};

/** One key for each of the four partitions. */
const tickKeys = ['~2', '~1', '~3', '~0'];
const tickMs = 10_000;

/** How many rounds of ticks close every window and fire every timer of a case. */
export const closingTicks = 20;

/** One event for each partition whose key is left out of every comparison; each round is a little later. */
export function ticks(round: number, endMs: number): Fed[] {
  const timeMs = endMs - beforeEndMs + (round + 1) * tickMs;
  return tickKeys.map((key) => ({
    input: 0,
    event: benchEvent('sale', round, key, timeMs),
    timestampMs: timeMs + transportMs,
  }));
}
