import type { Totals } from '../totals.ts';
import type { Journey, SaleLines } from './journey.ts';

/** Adds up what was read, to be laid beside what was published. */
export function totalsOfJourney(
  { lines, campaigns, contacts, redemptions }: Journey,
  members: number,
): Totals {
  return {
    currency: 'USD',
    baskets: new Set(lines.basket).size,
    lines: lines.count,
    households: new Set(lines.household).size,
    stores: new Set(lines.store).size,
    productsSold: new Set(lines.product).size,
    salesCents: sumOf(lines.salesCents),
    retailDiscountCents: sumOf(lines.retailDiscountCents),
    couponDiscountCents: sumOf(lines.couponDiscountCents),
    matchDiscountCents: sumOf(lines.matchDiscountCents),
    promotedLines: promotedLinesOf(lines),
    contacts: contacts.length,
    contactedHouseholds: new Set(contacts.map(({ household }) => household)).size,
    campaigns: campaigns.length,
    redemptions: redemptions.length,
    redeemingHouseholds: new Set(redemptions.map(({ household }) => household)).size,
    members,
  };
}

function sumOf(column: Int32Array): number {
  let sum = 0;
  for (const value of column) sum += value;
  return sum;
}

function promotedLinesOf(lines: SaleLines): number {
  let promoted = 0;
  for (let row = 0; row < lines.count; row += 1) {
    const discount =
      (lines.retailDiscountCents[row] ?? 0) +
      (lines.couponDiscountCents[row] ?? 0) +
      (lines.matchDiscountCents[row] ?? 0);
    if (discount > 0) promoted += 1;
  }
  return promoted;
}
