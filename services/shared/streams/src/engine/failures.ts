/** Whether somebody else has taken over: nothing may be tried again under this identity. */
export function isFenced(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'fenced' in error && error.fenced === true;
}

/** Whether the world was not ready; what was asked may or may not have happened. */
export function isRetryable(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'failure' in error && error.failure === 'retryable';
}

/** A short word for a metric's label. */
export function abortReasonOf(error: unknown): 'fenced' | 'unknown' | 'fatal' {
  if (isFenced(error)) return 'fenced';
  return isRetryable(error) ? 'unknown' : 'fatal';
}

/** Resolves after `ms`, or at once when the signal is raised. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** How long to wait before attempt `attempt` (from 1): doubling, capped, with jitter. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const bound = Math.min(5000, 50 * 2 ** Math.min(attempt, 8));
  return Math.ceil(bound / 2 + (random() * bound) / 2);
}

/**
 * Tries until it works or a failure does not pass. Undefined when the signal was raised meanwhile.
 *
 * @param onFailure sees each failure that is followed by another attempt.
 */
export async function patiently<T>(
  work: () => Promise<T>,
  signal: AbortSignal,
  onFailure: (error: unknown, attempt: number) => void,
): Promise<T | undefined> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!isRetryable(error)) throw error;
      onFailure(error, attempt);
      await pause(backoffMs(attempt), signal);
    }
  }
  return undefined;
}

/** Resolves when the work is done, or after `budgetMs`; the work goes on by itself then. */
export async function within(work: Promise<unknown>, budgetMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, budgetMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}

/** Of attempts that follow each other quickly, one in a while is worth a line. */
export function isWorthSaying(attempt: number): boolean {
  return attempt === 1 || attempt % 8 === 0;
}
