import type { Place } from './subscription-types.ts';

/** A record that could not be used, with all that is needed to understand, repair and play it again. */
export interface DeadLetter extends Place {
  readonly offset: number;
  /** Who refused it: service or topology, such as `warehouse-sink`. */
  readonly stage: string;
  /** Stable reason code, such as `ZT-HIGHWAY-NOT-AVRO`. */
  readonly reason: string;
  /** One sentence for a person; never a payload. */
  readonly message: string;
  readonly schemaId?: number;
  /** The original key and bytes. */
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** True when the bytes may hold clear identifiers: they are then sealed before they are written. */
  readonly clear?: boolean;
  readonly timestampMs: number;
}

/** Writes to the topic `dead-letter`, keyed `topic-partition-offset`: a repeat carries the same key. */
export interface DeadLetters {
  /** Resolves after acks=all; rejects like a publish. */
  send(letter: DeadLetter): Promise<void>;
}
