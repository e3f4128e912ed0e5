export { openCompleteJourney } from './complete-journey/open.ts';
export type { ApiEvent, Dataset } from './dataset.ts';
export { datasetCodes } from './errors.ts';
export { openSamples } from './samples.ts';
export type { AcceptSample } from './send/sampling.ts';
export { type SendReport, sendEvents } from './send/send-events.ts';
export { type ReferenceReport, sendReference } from './send/send-reference.ts';
export type { Totals } from './totals.ts';
