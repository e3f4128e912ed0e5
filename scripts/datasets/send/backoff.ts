/** Waits grow from `baseMs` by doubling up to `capMs`. */
export interface BackoffOptions {
  readonly baseMs: number;
  readonly capMs: number;
  /** In [0, 1); Math.random unless told. */
  readonly random: () => number;
}

/**
 * How long to wait before the next try. Full jitter: anything between nothing and the doubled wait, so that many
 * senders that failed together do not come back together. A wait that the server asked for is the least.
 */
export function waitBeforeRetryMs(
  failures: number,
  retryAfterMs: number | null,
  { baseMs, capMs, random }: BackoffOptions,
): number {
  const jitter = random() * Math.min(capMs, baseMs * 2 ** (failures - 1));
  return (retryAfterMs ?? 0) + jitter;
}

/** Reads a Retry-After header: seconds, or a date; null when there is none that can be read. */
export function parseRetryAfterMs(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  if (/^\d+(\.\d+)?$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}
