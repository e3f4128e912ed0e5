import type { FetchPosition } from './fetch-request.ts';
import type { Place } from './subscription-types.ts';

/** A pause longer than this is not about to end: no need to keep fetches of its neighbours short. */
const shortPauseMs = 2_000;

/** Where one partition stands: held, ready, being fetched or being handled. */
export class OwnedPartition implements Place {
  readonly topic: string;
  readonly partition: number;
  busy = false;
  /** When it last got records, in batches of its generation. */
  servedAt = 0;
  /** How often in a row the bytes at this position came with a wrong checksum. */
  corruptReads = 0;
  #position: number | null = null;
  #stoodAt: number | null = null;
  #pausedAt: number | null = null;
  #asked: number | null = null;

  constructor({ topic, partition }: Place) {
    this.topic = topic;
    this.partition = partition;
  }

  is(place: Place): boolean {
    return place.partition === this.partition && place.topic === this.topic;
  }

  get position(): number | null {
    return this.#position;
  }

  /** The next offset to be handled, also while the partition is held; null when it was never told to go. */
  get stoodAt(): number | null {
    return this.#position ?? this.#stoodAt;
  }

  get isReady(): boolean {
    return this.#position !== null && this.#pausedAt === null && !this.busy;
  }

  mayBeReadySoon(now: number): boolean {
    if (this.#position === null) return false;
    return this.busy || (this.#pausedAt !== null && now - this.#pausedAt < shortPauseMs);
  }

  go(offset: number): void {
    this.#position = offset;
    this.#asked = null;
    this.corruptReads = 0;
  }

  hold(): void {
    this.#stoodAt = this.stoodAt;
    this.#position = null;
  }

  pause(now: number): void {
    this.#pausedAt ??= now;
  }

  resume(): void {
    this.#pausedAt = null;
  }

  startFetch(): FetchPosition {
    const offset = this.#position ?? 0;
    this.#asked = offset;
    return { topic: this.topic, partition: this.partition, offset };
  }

  /** The offset that a fetch began at; null when the partition was moved, paused or held in the meantime. */
  takeFetch(): number | null {
    const asked = this.#asked;
    this.#asked = null;
    return this.isReady && asked === this.#position ? asked : null;
  }

  /** After a batch: on to its end, unless somebody sent the partition elsewhere while it was handled. */
  advance(from: number, to: number): void {
    if (this.#position === from) this.#position = to;
    this.corruptReads = 0;
  }
}

/**
 * The order in which to ask for partitions: the broker fills its answer in that order up to a number of bytes, so
 * who has waited longest comes first, or a few busy partitions would starve the rest.
 */
export function fairOrder(ready: readonly OwnedPartition[]): OwnedPartition[] {
  return ready.toSorted((a, b) => a.servedAt - b.servedAt);
}
