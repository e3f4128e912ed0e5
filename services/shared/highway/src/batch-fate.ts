import { translate } from './broker-errors.ts';
import type { HighwayError } from './errors.ts';
import type { Batch } from './partition-queue.ts';

/** What becomes of a batch: stored, sent again as it is, sent again in halves, or given up with an error. */
export type Fate = 'stored' | 'again' | 'halves' | HighwayError;

/** What becomes of a batch that failed. May clear its identity, so that it goes again under a new one. */
export function fateAfter(batch: Batch, error: unknown, now: number): Fate {
  const { queue, records } = batch;
  const ours = translate(error, 'publish', { topic: queue.topic, partition: queue.partition });
  if (ours.code === 'ZT-HIGHWAY-PRODUCER-REPLACED' && batch.attempts === 1) {
    // Refused at its first sending, so it is nowhere stored: it may go again under a new identity.
    queue.giveUpIdentity();
    batch.encoded = null;
    return 'again';
  }
  // Nothing of a refused batch is stored, and what is wrong with one record is not the others' fault.
  if (ours.failure === 'bad_record' && records.length > 1) return 'halves';
  return mayPass(ours) && now < batch.deadline ? 'again' : ours;
}

/** A broker that is coming up may not know its topics yet; a lost sequence does not come back. */
function mayPass({ code, failure }: HighwayError): boolean {
  if (code === 'ZT-HIGHWAY-NO-TOPIC') return true;
  return failure === 'retryable' && code !== 'ZT-HIGHWAY-PRODUCER-REPLACED';
}
