const GROWTH = 1.02;
const SMALLEST_MS = 0.05;
const BUCKETS = 900;

/** Durations counted in buckets 2 % wide: any number of them in 7 KB, percentiles off by 2 % at most. */
export interface LatencyHistogram {
  readonly count: number;
  /** Counts `times` events that took this long; one unless told. */
  record(ms: number, times?: number): void;
  /** The duration that this share (0..1) of all stayed within; 0 when nothing was recorded. */
  percentile(share: number): number;
}

export function createLatencyHistogram(): LatencyHistogram {
  const buckets = new Float64Array(BUCKETS);
  let count = 0;
  return {
    get count() {
      return count;
    },
    record(ms, times = 1) {
      const bucket = Math.ceil(Math.log(Math.max(ms, SMALLEST_MS) / SMALLEST_MS) / Math.log(GROWTH));
      const index = Math.min(bucket, BUCKETS - 1);
      buckets[index] = (buckets[index] ?? 0) + times;
      count += times;
    },
    percentile(share) {
      let left = Math.max(1, Math.ceil(count * share));
      for (const [index, inBucket] of buckets.entries()) {
        left -= inBucket;
        if (left <= 0) return count === 0 ? 0 : SMALLEST_MS * GROWTH ** index;
      }
      return 0;
    },
  };
}
