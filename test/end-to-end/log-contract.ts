import { afterAll, beforeAll, describe } from '@jest/globals';
import type { Place } from '@zhongtai/streams';
import type { ClientUnderTest } from './log-client.ts';
import { describeCompaction, startCompaction } from './log-contract-compaction.ts';
import { type OutsideKafka, outsideKafka } from './log-contract-fixture.ts';
import { describeGroup } from './log-contract-group.ts';
import { describeProducer } from './log-contract-producer.ts';
import { describeReader } from './log-contract-reader.ts';

/**
 * What any client of the log has to keep on a real broker, for the engine to stand on it. `brokers` is asked when
 * the tests run.
 */
export function describeLogContract(client: ClientUnderTest, brokers: () => string): void {
  describe(`the log by ${client.name}`, () => {
    let outside: OutsideKafka;
    let compacting: Place & { end(): void };

    beforeAll(async () => {
      outside = await outsideKafka(brokers());
      compacting = await startCompaction(outside);
    }, 60_000);

    afterAll(async () => {
      compacting.end();
      await outside.stop();
    });

    const open = () => client.open(brokers());
    describeReader(open, () => outside);
    describeProducer(client, brokers, () => outside);
    describeGroup(client, brokers, () => outside);
    describeCompaction(open, () => compacting);
  });
}
