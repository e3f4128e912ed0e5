import { ZhongtaiError } from '@zhongtai/runtime';
import { datasetCodes } from '../errors.ts';

// Constants of the module: called six million times, and under Jest each use of a global is a slow look-up.
const { abs, round } = Math;
const { isSafeInteger } = Number;

/** A binary double next to a whole number of cents is off by far less than this, a true fraction of one by more. */
const TOLERANCE_CENTS = 1e-6;

/**
 * Whole cents of an amount in dollars. The double 1.15 times 100 is 114.99999999999999, so it is rounded, and
 * an amount that is not a whole number of cents is refused, not rounded away: sums must tie to the cent.
 */
export function centsOf(dollars: number): number {
  const exact = dollars * 100;
  const cents = round(exact);
  if (isSafeInteger(cents) && abs(exact - cents) < TOLERANCE_CENTS) return cents;
  throw new ZhongtaiError(datasetCodes.unexpectedValue, 'fatal', `${dollars} is no whole number of cents`);
}
