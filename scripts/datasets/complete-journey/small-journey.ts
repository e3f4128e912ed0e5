import type { Journey, SaleLines } from './journey.ts';

interface SmallLine {
  readonly household?: number;
  readonly store?: number;
  readonly basket: number;
  readonly product?: number;
  readonly quantity?: number;
  readonly sales?: number;
  readonly retail?: number;
  readonly coupon?: number;
  readonly match?: number;
  readonly time?: number;
}

/** Sale lines for tests; amounts in cents. */
export function saleLines(rows: readonly SmallLine[]): SaleLines {
  return {
    count: rows.length,
    household: Int32Array.from(rows, (row) => row.household ?? 900),
    store: Int32Array.from(rows, (row) => row.store ?? 330),
    basket: Float64Array.from(rows, (row) => row.basket),
    product: Int32Array.from(rows, (row) => row.product ?? 1_095_275),
    quantity: Int32Array.from(rows, (row) => row.quantity ?? 1),
    salesCents: Int32Array.from(rows, (row) => row.sales ?? 0),
    retailDiscountCents: Int32Array.from(rows, (row) => row.retail ?? 0),
    couponDiscountCents: Int32Array.from(rows, (row) => row.coupon ?? 0),
    matchDiscountCents: Int32Array.from(rows, (row) => row.match ?? 0),
    time: Float64Array.from(rows, (row) => row.time ?? Date.UTC(2017, 0, 1, 12)),
  };
}

/** Two campaign contacts, a redemption and four baskets of two stores, their times interleaved. */
export function smallJourney(): Journey {
  const day = (of: number): number => Date.UTC(2017, 0, of);
  const noon = (of: number): number => day(of) + 17 * 3_600_000;
  return {
    campaigns: [
      { campaign: 2, type: 'Type B', startDay: day(3), endDay: day(9) },
      { campaign: 1, type: 'Type A', startDay: day(1), endDay: day(9) },
    ],
    contacts: [
      { campaign: 2, household: 7 },
      { campaign: 1, household: 8 },
    ],
    redemptions: [{ household: 7, coupon: 51_380_041_013, campaign: 2, day: day(4) }],
    lines: saleLines([
      { basket: 31, store: 330, sales: 100, time: noon(1) },
      { basket: 31, store: 330, sales: 50, time: noon(1) },
      { basket: 32, store: 406, sales: 200, time: noon(2) },
      { basket: 33, store: 330, sales: 300, time: noon(3) },
      { basket: 34, store: 330, sales: 400, time: noon(4) },
    ]),
  };
}
