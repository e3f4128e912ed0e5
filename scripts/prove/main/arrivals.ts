import { topicsOf } from '@zhongtai/schemas';
import type { Warehouse } from '@zhongtai/warehouse';
import type { Dataset, Totals } from '../../datasets/index.ts';
import type { Expected, Load } from './load.ts';

/** Records of one type in one partition, as an independent reader counted them or as the table has them. */
export interface Slice {
  readonly count: number;
  /** Different offsets among them. */
  readonly distinct: number;
  /** Sum of the offsets: two different sets of the same size hardly share it. */
  readonly offsetSum: string;
}

/** `table partition` -> slice. */
export type Slices = Map<string, Slice>;

const eventTables = topicsOf('highway').flatMap(({ records }) => records.map(({ eventType }) => eventType));

/** Rows of all event tables by partition. */
export async function slicesOfTables(warehouse: Warehouse): Promise<Slices> {
  const slices: Slices = new Map();
  for (const table of eventTables) {
    const rows = await warehouse.query<{ partition: number; count: string; distinct: string; sum: string }>(
      `SELECT kafka_partition AS partition, count() AS count, uniqExact(kafka_offset) AS distinct,
         toString(sum(toUInt128(kafka_offset))) AS sum
       FROM highway.{table:Identifier} GROUP BY kafka_partition`,
      { table },
    );
    for (const { partition, count, distinct, sum } of rows) {
      slices.set(`${table} ${partition}`, {
        count: Number(count),
        distinct: Number(distinct),
        offsetSum: sum,
      });
    }
  }
  return slices;
}

export async function countRows(warehouse: Warehouse): Promise<number> {
  const [found] = await warehouse.query<{ rows: string }>(
    "SELECT sum(total_rows) AS rows FROM system.tables WHERE database = 'highway'",
  );
  return Number(found?.rows ?? 0);
}

/** Where topic and tables differ, in words. */
export function compareSlices(topic: Slices, tables: Slices): string[] {
  const faults: string[] = [];
  for (const place of new Set([...topic.keys(), ...tables.keys()])) {
    const records = topic.get(place);
    const rows = tables.get(place);
    if (records === undefined) faults.push(`${place}: ${rows?.count} rows of no record`);
    else if (rows === undefined) faults.push(`${place}: none of ${records.count} records is in the table`);
    else if (rows.count !== rows.distinct)
      faults.push(`${place}: ${rows.count - rows.distinct} rows doubled`);
    else if (rows.count !== records.count || rows.offsetSum !== records.offsetSum)
      faults.push(`${place}: ${records.count} records, ${rows.count} rows`);
  }
  return faults;
}

/** Events that were sent and are in no table, and events in a table that nobody sent. */
export async function compareEvents(
  warehouse: Warehouse,
  { sent }: Load,
): Promise<{ rows: number; distinct: number; missing: number; foreign: number }> {
  let distinct = 0;
  let foreign = 0;
  let all = 0;
  for (const table of new Set(sent.values())) {
    const rows = await warehouse.query<{ event_id: string }>(
      'SELECT event_id FROM highway.{table:Identifier}',
      { table },
    );
    all += rows.length;
    for (const id of new Set(rows.map(({ event_id: eventId }) => eventId))) {
      if (sent.get(id) === table) distinct++;
      else foreign++;
    }
  }
  return { rows: all, distinct, missing: sent.size - distinct, foreign };
}

/** Sums over distinct event_ids, from the event tables themselves. */
const sumsOverEvents = `SELECT
  count() AS sales, sum(length(lines.line_no)) AS lines, sum(arraySum(lines.net_price_cents)) AS netCents,
  sum(arraySum(lines.discount_cents)) AS discountCents,
  sum(arraySum(lines.retail_discount_cents)) AS retailDiscountCents,
  sum(arraySum(lines.coupon_discount_cents)) AS couponDiscountCents,
  sum(arraySum(lines.match_discount_cents)) AS matchDiscountCents,
  sum(arrayCount(x -> x > 0, lines.discount_cents)) AS promotedLines,
  uniqExact(anchor) AS households, uniqExact(store_id) AS stores, uniqExactArray(lines.product_id) AS productsSold,
  (SELECT uniqExact(event_id) FROM highway.message_sent) AS messages,
  (SELECT uniqExact(anchor) FROM highway.message_sent) AS contactedHouseholds,
  (SELECT uniqExact(event_id) FROM highway.loyalty_changed) AS loyalty,
  (SELECT uniqExact(anchor) FROM highway.loyalty_changed WHERE kind = 'redeem') AS redeemingHouseholds
FROM (SELECT * FROM highway.pos_sale ORDER BY kafka_partition, kafka_offset LIMIT 1 BY event_id)`;

/** Each sum that differs from what was sent or from what the publisher of the data says. */
export async function compareSums(
  warehouse: Warehouse,
  expected: Expected,
  { published }: Dataset,
): Promise<{ sums: Record<string, number>; faults: string[] }> {
  const [row = {}] = await warehouse.query<Record<string, string | number>>(sumsOverEvents);
  const sums = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]));
  const wanted: [string, number][] = [
    ...Object.entries(expected),
    ...(published === null ? [] : publishedSums(published)),
  ];
  const faults = wanted
    .filter(([name, value]) => sums[name] !== value)
    .map(([name, value]) => `${name}: ${sums[name]} in ClickHouse, ${value} expected`);
  return { sums, faults };
}

function publishedSums(totals: Totals): [string, number][] {
  return [
    ['sales', totals.baskets],
    ['lines', totals.lines],
    ['netCents', totals.salesCents],
    ['retailDiscountCents', totals.retailDiscountCents],
    ['couponDiscountCents', totals.couponDiscountCents],
    ['matchDiscountCents', totals.matchDiscountCents],
    ['promotedLines', totals.promotedLines],
    ['households', totals.households],
    ['stores', totals.stores],
    ['productsSold', totals.productsSold],
    ['messages', totals.contacts],
    ['contactedHouseholds', totals.contactedHouseholds],
    ['loyalty', totals.redemptions],
    ['redeemingHouseholds', totals.redeemingHouseholds],
  ];
}
