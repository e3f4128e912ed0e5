import type { GuardedCluster } from './guarded-cluster.ts';
import { listOffsets, placeName } from './list-offsets.ts';
import type { HighwayMetrics } from './metrics.ts';
import type { Place } from './subscription-types.ts';

/** A partition that no fetch has looked at for this long is asked for its end. */
const staleMs = 2_000;

/** A partition that may have lag: `stoodAt` is the next offset to be handled, null when it was never told. */
interface Reading extends Place {
  readonly stoodAt: number | null;
}

interface LagParts {
  readonly cluster: GuardedCluster;
  readonly groupId: string;
  readonly metrics: HighwayMetrics;
  readonly clock: () => number;
}

/**
 * The lag of the partitions of one generation: set by every fetch, asked for while nothing is fetched (held,
 * paused or blocked: just then it matters), and gone with the generation, for another instance reports it then.
 */
export class LagGauge {
  readonly #parts: LagParts;
  readonly #seenAt = new Map<string, number>();
  #asking = false;
  #closed = false;

  constructor(parts: LagParts) {
    this.#parts = parts;
  }

  /** `hidden`: how many offsets an open transaction keeps from being read. */
  set(place: Place, records: number, hidden?: number): void {
    if (this.#closed) return;
    const { metrics, clock } = this.#parts;
    this.#seenAt.set(placeName(place), clock());
    metrics.lag.set(this.#labelsOf(place), Math.max(0, records));
    if (hidden !== undefined) metrics.stableLag.set(this.#labelsOf(place), Math.max(0, hidden));
  }

  /** Asks for the ends of those that no fetch looks at; the broker being away leaves the last figures. */
  async refresh(partitions: readonly Reading[]): Promise<void> {
    if (this.#asking || this.#closed) return;
    this.#asking = true;
    const now = this.#parts.clock();
    const stale = partitions.filter(
      (own) => own.stoodAt !== null && now - (this.#seenAt.get(placeName(own)) ?? 0) >= staleMs,
    );
    try {
      const ends = stale.length === 0 ? null : await listOffsets(this.#parts.cluster, stale, 'last');
      for (const own of stale) {
        const end = ends?.get(placeName(own));
        if (end !== undefined && own.stoodAt !== null) this.set(own, end - own.stoodAt);
      }
    } catch {
      // The fetches and heartbeats of the same broker tell of it.
    } finally {
      this.#asking = false;
    }
  }

  close(partitions: readonly Place[]): void {
    this.#closed = true;
    const { lag, stableLag } = this.#parts.metrics;
    for (const place of partitions) {
      lag.remove(this.#labelsOf(place));
      stableLag.remove(this.#labelsOf(place));
    }
  }

  #labelsOf({ topic, partition }: Place) {
    return { group: this.#parts.groupId, topic, partition: String(partition) };
  }
}
