export { type CompleteJourney, openCompleteJourney } from './complete-journey/open.ts';
export { publishedTotals } from './complete-journey/published.ts';
export type { ApiEvent, ApiIdentity, Dataset, EventsOptions, ReferenceRecord } from './dataset.ts';
export { datasetCodes } from './errors.ts';
export { sendCodes } from './send/errors.ts';
export type { AcceptSample } from './send/sampling.ts';
export { type SendCounts, type SendOptions, type SendReport, sendEvents } from './send/send-events.ts';
export { type ReferenceReport, type SendReferenceOptions, sendReference } from './send/send-reference.ts';
export type { Totals } from './totals.ts';
