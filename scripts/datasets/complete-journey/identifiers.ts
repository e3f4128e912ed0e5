import type { ApiIdentity } from '../dataset.ts';

/** Prefix of business keys and name of the set. */
export const setName = 'complete-journey';

/**
 * The member number of a household. The bare number of the data (900) would be found everywhere by whoever looks
 * for member numbers in the clear; CJ0000900 is found only where one has leaked.
 */
export function memberNumber(household: number): string {
  return `CJ${String(household).padStart(7, '0')}`;
}

/** A household as the person who acts: the till or the mail-shot knows it by its loyalty card. */
export function actorOf(household: number): ApiIdentity[] {
  return [
    { id_type: 'cust_id', scope: '', id_value: memberNumber(household), role: 'actor', verified: true },
  ];
}

/** One coupon may be part of several campaigns; a promotion code is a coupon within one campaign. */
export function promoCode(coupon: number, campaign: number): string {
  return `${coupon}-${campaign}`;
}
