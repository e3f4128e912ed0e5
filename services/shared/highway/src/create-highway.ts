import { HighwayError } from './errors.ts';
import type { Highway, HighwayOptions } from './highway-types.ts';

/** Builds the highway's client. Nothing is contacted before the first call that needs it. */
export function createHighway(_options: HighwayOptions): Highway {
  throw new HighwayError('ZT-HIGHWAY-UNEXPECTED', 'the highway is being built');
}
