import type { Serde } from '../serde.ts';
import type { StreamTopic } from '../topology/types.ts';

const SEVEN_DAYS_MS = 7 * 24 * 60 * 60 * 1000;

export interface RekeyOptions<T> {
  /** When the fact happened; left out: when the log took in the record that it was made from. */
  readonly eventTimeMs?: (value: T) => number;
  readonly retentionMs?: number;
}

/**
 * An internal topic, `<application>.<name>`: one stage emits to it under the key that the next stage needs, and
 * the next stage reads it, on whichever task that key belongs to.
 */
export function rekey<T>(name: string, serde: Serde<T>, options: RekeyOptions<T> = {}): StreamTopic<T> {
  const { retentionMs = SEVEN_DAYS_MS, ...time } = options;
  return { name, partitions: 'P', serde, internal: { retentionMs }, ...time };
}
