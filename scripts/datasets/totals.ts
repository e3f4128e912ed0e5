/** What a set of sales and promotions adds up to; amounts in cents of the set's currency. */
export interface Totals {
  readonly currency: string;
  readonly baskets: number;
  readonly lines: number;
  readonly households: number;
  readonly stores: number;
  readonly productsSold: number;
  readonly salesCents: number;
  readonly retailDiscountCents: number;
  readonly couponDiscountCents: number;
  readonly matchDiscountCents: number;
  /** Lines with a discount of any kind. */
  readonly promotedLines: number;
  readonly contacts: number;
  readonly contactedHouseholds: number;
  readonly campaigns: number;
  readonly redemptions: number;
  readonly redeemingHouseholds: number;
  readonly members: number;
}
