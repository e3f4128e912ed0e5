import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { batchRounds } from './out-batches.ts';
import type { OutRecord } from './types.ts';

const maxBatchBytes = 300;

const transactions = fc.array(
  fc.record({
    topic: fc.constantFrom('a', 'b'),
    partition: fc.nat({ max: 2 }),
    length: fc.oneof(fc.nat({ max: 60 }), fc.constant(1_000)),
  }),
  { maxLength: 60 },
);

function outRecords(shapes: readonly { topic: string; partition: number; length: number }[]): OutRecord[] {
  return shapes.map(({ topic, partition, length }, n) => ({
    topic,
    partition,
    key: Buffer.from(String(n)),
    value: Buffer.alloc(length),
    headers: [['n', Buffer.from(String(n))]],
    timestampMs: n,
  }));
}

describe('the batches of a transaction', () => {
  it('hold every record once, in order per partition, under sequences without a gap', () => {
    fc.assert(
      fc.property(transactions, (shapes) => {
        const records = outRecords(shapes);
        const batches = batchRounds(records, maxBatchBytes).flat();
        for (const place of new Set(records.map(({ topic, partition }) => `${topic}/${partition}`))) {
          const own = batches.filter(({ topic, partition }) => `${topic}/${partition}` === place);
          const expected = records.filter(({ topic, partition }) => `${topic}/${partition}` === place);
          expect(own.flatMap((batch) => batch.records.map(({ key }) => String(key)))).toEqual(
            expected.map(({ key }) => String(key)),
          );
          let sequence = 0;
          for (const batch of own) {
            expect(batch.sequence).toBe(sequence);
            sequence += batch.records.length;
          }
        }
        expect(batches.flatMap((batch) => batch.records)).toHaveLength(records.length);
      }),
    );
  });

  it('keep to their limit, unless one record alone is larger, with one batch a partition in each round', () => {
    fc.assert(
      fc.property(transactions, (shapes) => {
        for (const round of batchRounds(outRecords(shapes), maxBatchBytes)) {
          const places = round.map(({ topic, partition }) => `${topic}/${partition}`);
          expect(new Set(places).size).toBe(places.length);
          for (const { records, bytes } of round) {
            expect(records.length === 1 || bytes <= maxBatchBytes).toBe(true);
          }
        }
      }),
    );
  });
});
