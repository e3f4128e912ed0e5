import { ZhongtaiError } from '@zhongtai/runtime';
import { topics, topicsOf } from '@zhongtai/schemas';
import { type Sample, sampleEvent, sampleRecord } from '@zhongtai/schemas/sample';
import type { ApiEvent, ApiIdentity, Dataset, EventsOptions, ReferenceRecord } from './dataset.ts';
import { datasetCodes } from './errors.ts';

export interface SamplesOptions {
  /** Rounds of one event of each type; 200 unless told. */
  readonly rounds?: number;
  readonly seed?: number;
}

/** The samples begin here, in the past of every machine, and a round comes every quarter of an hour. */
const firstRound = Date.UTC(2025, 10, 11, 4);
const ROUND_MS = 900_000;
const RECORDS_PER_TOPIC = 20;
const DEFAULT_BATCH = 500;
const REFERENCE = 'reference.';

/**
 * Samples made from the schemas, with the interface of a real data set: all types of all eight sources, the same on
 * every machine. They show that everything works; nobody published what they add up to.
 */
export function openSamples({ rounds = 200, seed = 1 }: SamplesOptions = {}): Dataset {
  const types = topicsOf('highway').flatMap(({ records }) => records.map(({ eventType }) => eventType));
  return {
    name: 'samples',
    synthetic: true,
    count: rounds * types.length,
    countByType: Object.fromEntries(types.map((type) => [type, rounds])),
    published: null,
    events: (options) => batchesOf(eventsOf(types, rounds, seed), options),
    reference: () => referenceOf(seed),
  };
}

function* eventsOf(types: readonly string[], rounds: number, seed: number): Generator<ApiEvent> {
  for (let index = 0; index < rounds; index += 1) {
    const now = firstRound + index * ROUND_MS;
    const round = types.map((type) => apiEventOf(sampleEvent(type, { seed, index, now })));
    yield* round.sort((left, right) => left.event_time - right.event_time);
  }
}

async function* batchesOf(
  events: Iterable<ApiEvent>,
  { from = 0, limit = Number.POSITIVE_INFINITY, batchSize = DEFAULT_BATCH }: EventsOptions = {},
): AsyncGenerator<ApiEvent[]> {
  let passed = 0;
  let batch: ApiEvent[] = [];
  for (const event of events) {
    passed += 1;
    if (passed <= from) continue;
    if (passed > from + limit) break;
    batch.push(event);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function* referenceOf(seed: number): AsyncGenerator<ReferenceRecord> {
  for (const { name: topic, records } of Object.values(topics)) {
    if (!topic.startsWith(REFERENCE)) continue;
    for (const { name: record } of records) {
      for (let index = 0; index < RECORDS_PER_TOPIC; index += 1) {
        yield { topic, record, value: sampleRecord(record, { seed, index, now: firstRound }) };
      }
    }
  }
}

/** A sample is known by its schema only; here the fields that every event has get their types. */
function apiEventOf(sample: Sample): ApiEvent {
  const { event_type: type, event_id: id, event_time: time, identities } = sample;
  if (
    typeof type === 'string' &&
    typeof id === 'string' &&
    typeof time === 'number' &&
    isIdentities(identities)
  ) {
    return { ...sample, event_type: type, event_id: id, event_time: time, identities };
  }
  throw new ZhongtaiError(datasetCodes.unexpectedValue, 'fatal', 'a sample is no event of the contract');
}

function isIdentities(value: unknown): value is readonly ApiIdentity[] {
  return (
    Array.isArray(value) &&
    value.every((each) => typeof each === 'object' && each !== null && 'id_value' in each)
  );
}
