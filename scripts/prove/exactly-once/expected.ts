import { bucketMs, type Enriched, type Order, type Paid, type Payment, withinMs } from './records.ts';

/** A record of an input topic, where it stands. */
export interface Placed<T> {
  readonly place: string;
  readonly key: string;
  readonly value: T;
}

/** Which inputs the window join left out as late, by place. */
export type LateInputs = ReadonlySet<string>;

/** Every pair of an order and a payment of one key within the window: the join, by brute force. */
export function expectedPairs(
  orders: readonly Placed<Order>[],
  payments: readonly Placed<Payment>[],
  late: LateInputs,
): Map<string, Paid> {
  const ordersByKey = Map.groupBy(
    orders.filter(({ place }) => !late.has(place)),
    ({ key }) => key,
  );
  const pairs = new Map<string, Paid>();
  for (const { key, place: paymentPlace, value: payment } of payments) {
    if (late.has(paymentPlace)) continue;
    for (const { place, value: order } of ordersByKey.get(key) ?? []) {
      if (Math.abs(payment.timeMs - order.timeMs) > withinMs) continue;
      const timeMs = Math.max(payment.timeMs, order.timeMs);
      const pair = { order: order.id, payment: payment.id, customer: order.customer, timeMs };
      pairs.set(`${place}+${paymentPlace}`, pair);
    }
  }
  return pairs;
}

export function pairName({ order, payment }: Paid): string {
  return `${order}+${payment}`;
}

/** How often each customer paid in each span: what the timers have to say. */
export function expectedBuckets(paid: readonly Enriched[]): Map<string, number> {
  const buckets = new Map<string, number>();
  for (const { customer, timeMs } of paid) {
    const key = `${customer}@${Math.floor(timeMs / bucketMs) * bucketMs}`;
    buckets.set(key, (buckets.get(key) ?? 0) + 1);
  }
  return buckets;
}

/** What is more or less often in `found` than in `wanted`. */
export function multisetDifference(
  wanted: Iterable<string>,
  found: Iterable<string>,
): { readonly missing: number; readonly extra: number; readonly examples: readonly string[] } {
  const counts = new Map<string, number>();
  for (const name of wanted) counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const name of found) counts.set(name, (counts.get(name) ?? 0) - 1);
  const off = [...counts].filter(([, count]) => count !== 0);
  return {
    missing: off.reduce((sum, [, count]) => sum + Math.max(0, count), 0),
    extra: off.reduce((sum, [, count]) => sum + Math.max(0, -count), 0),
    examples: off.slice(0, 5).map(([name, count]) => `${name} (${count > 0 ? 'missing' : 'extra'})`),
  };
}
