import type { CachedToken } from '@zhongtai/domain';
import type { OutMessage } from '@zhongtai/highway';
import type { LossClass } from '@zhongtai/schemas';
import type { Refusal } from '../errors.ts';
import type { Grant } from '../keys/keys.ts';

/** An event that passed every check and waits to be written. */
export interface AdmittedEvent {
  readonly index: number;
  readonly lossClass: LossClass;
  readonly source: Grant;
  readonly message: OutMessage;
  /** Tokens whose vault records must be stored before the event is acknowledged. */
  readonly unstored: readonly CachedToken[];
  /** The event_id, when the gateway minted it. */
  readonly minted: string | undefined;
}

/** One request on its way: what is good, what is not. */
export interface Draft {
  readonly events: AdmittedEvent[];
  readonly refusals: Refusal[];
  /** How many were refused by source; 'unknown' where the event_type says none. */
  readonly refusedBySource: Map<Grant | 'unknown', number>;
}
