import fc from 'fast-check';
import { BEGIN_MS, GRACE_MS } from './cases.ts';
import type { Fact, InputName } from './topics.ts';

/** One record of a run's input. */
export interface Given {
  readonly topic: InputName;
  readonly key: string;
  readonly fact: Fact;
  /** When the log takes it in, against its fellows: its event time and some disorder below the grace. */
  readonly arrivalMs: number;
  /** The records up to here are in the log before the tasks look. */
  readonly endsBatch: boolean;
}

const SPAN_MS = 1_000;

/** Mostly not: what lies in the log together is fetched in pages and taken by time. */
const endsBatch = fc.nat(7).map((drawn) => drawn === 7);

const given = fc.record({
  topic: fc.constantFrom<InputName[]>('orders', 'beacons', 'orders', 'beacons', 'profiles'),
  key: fc.constantFrom('a', 'b', 'c'),
  atMs: fc.nat(SPAN_MS),
  disorderMs: fc.nat(GRACE_MS - 1),
  endsBatch,
});

/** Records in disorder, none of them late by the grace. */
export const inputs: fc.Arbitrary<readonly Given[]> = fc
  .array(given, { minLength: 1, maxLength: 40 })
  .map((all) => arrange(all.map((each, id) => ({ ...each, id: id + 1 }))));

interface Drawn {
  readonly topic: InputName;
  readonly key: string;
  readonly atMs: number;
  readonly disorderMs: number;
  readonly endsBatch: boolean;
  readonly id: number;
}

function arrange(drawn: readonly Drawn[]): readonly Given[] {
  return drawn
    .map(({ topic, key, atMs, disorderMs, endsBatch, id }) => ({
      ...{ topic, key, endsBatch, fact: { id, atMs: BEGIN_MS + atMs } },
      arrivalMs: BEGIN_MS + atMs + disorderMs,
    }))
    .sort((left, right) => left.arrivalMs - right.arrivalMs);
}

/** The same records twice, each time in another disorder and other batches. */
export const twoOrders: fc.Arbitrary<readonly [readonly Given[], readonly Given[]]> = fc
  .array(fc.record({ one: given, disorderMs: fc.nat(GRACE_MS - 1), endsBatch }), {
    minLength: 1,
    maxLength: 40,
  })
  .map((all) => [
    arrange(all.map(({ one }, id) => ({ ...one, id: id + 1 }))),
    arrange(all.map(({ one, disorderMs, endsBatch }, id) => ({ ...one, disorderMs, endsBatch, id: id + 1 }))),
  ]);
