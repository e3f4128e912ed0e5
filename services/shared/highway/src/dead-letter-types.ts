import type { Failure } from '@zhongtai/runtime';
import type { OutMessage } from './publisher-types.ts';
import type { Place } from './subscription-types.ts';

/** A record that could not be used, with all that is needed to understand, repair and play it again. */
export interface DeadLetter extends Place {
  /** -1 when it never was on a topic; `eventId` then tells letters apart. */
  readonly offset: number;
  /** Who refused it: service or topology, such as `warehouse-sink`. */
  readonly stage: string;
  /** Stable reason code, such as `ZT-HIGHWAY-NOT-AVRO`. */
  readonly reason: string;
  /** Whether trying again could help; left out: `bad_record`. */
  readonly failure?: Failure;
  /** How often it was tried; left out: once, as a bad record is. */
  readonly attempts?: number;
  /** One sentence for a person; never a payload. */
  readonly message: string;
  /** Pointer to the field that was wrong. */
  readonly path?: string;
  readonly schemaId?: number;
  readonly eventId?: string;
  readonly eventType?: string;
  readonly sourceSystem?: string;
  /** The original key and bytes. */
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer>>;
  /** True when key, value or headers may hold clear identifiers: the value is sealed, the others are left out. */
  readonly clear?: boolean;
  /** Timestamp of the original record. */
  readonly timestampMs: number;
}

/** Encrypted bytes, and what is needed to open them. */
export interface Sealed {
  readonly keyId: string;
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly ciphertext: Buffer;
}

/** Encrypts the original bytes of a letter that came in clear. */
export type Seal = (bytes: Buffer) => Sealed;

/** Writes to the topic `dead-letter`, keyed `topic-partition-offset`: a repeat carries the same key. */
export interface DeadLetters {
  /**
   * Writes all of them in one publish; resolves after acks=all, rejects like a publish. After a rejection some
   * may be stored: send the same list again, a repeat carries the same key. A letter that the broker finds too
   * large goes without the original value, which still lies at its place; its message says so.
   */
  send(letters: readonly DeadLetter[]): Promise<void>;
  /** Makes `message` ready: the topic is there and its schema known. */
  prepare(): Promise<void>;
  /**
   * A letter as a message, for whoever writes it in a transaction of its own; not counted in the metric. One that
   * is too large for a broker's usual limit goes without the original value, as with `send`.
   *
   * @throws HighwayError ZT-HIGHWAY-NOT-PREPARED before `prepare`, ZT-HIGHWAY-NO-SEAL for one in clear without a seal.
   */
  message(letter: DeadLetter): OutMessage;
}
