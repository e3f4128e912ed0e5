import { isFailure } from '@zhongtai/runtime';
import { SinkError } from './errors.ts';

/** Lets at most `permits` pieces of work run at once; the others wait in their order. */
export interface Gate {
  run<T>(work: () => Promise<T>): Promise<T>;
}

export function createGate(permits: number): Gate {
  let free = permits;
  const queue: (() => void)[] = [];
  return {
    async run(work) {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => queue.push(resolve));
      try {
        return await work();
      } finally {
        const following = queue.shift();
        if (following === undefined) free += 1;
        else following();
      }
    },
  };
}

/** Resolves after `ms`; rejects when the partition is given up meanwhile. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(givenUp());
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(givenUp());
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

export function givenUp(): SinkError {
  return new SinkError('ZT-SINK-GIVEN-UP', 'the partition was given up');
}

/** How long to wait before attempt number `attempt` (from 1): full jitter below a doubling, capped bound. */
function backoffMs(attempt: number, random: () => number = Math.random): number {
  return Math.ceil(random() * Math.min(10_000, 100 * 2 ** Math.min(attempt, 10)));
}

/**
 * Tries until it works, the signal is raised, or the failure is not one that passes.
 *
 * @param onFailure sees every failure that is followed by another attempt.
 * @param passes which failures may be followed by a success.
 */
export async function untilDone<T>(
  work: () => Promise<T>,
  signal: AbortSignal,
  onFailure: (error: unknown, attempt: number) => void,
  passes: (error: unknown) => boolean = isRetryable,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    if (signal.aborted) throw givenUp();
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !passes(error)) throw error;
      onFailure(error, attempt);
      await pause(backoffMs(attempt), signal);
    }
  }
}

/** The partition is somebody else's now, or a commit is in doubt: no attempt may follow. */
export function isGivenUp(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ZT-SINK-GIVEN-UP';
}

function isRetryable(error: unknown): boolean {
  return isFailure(error, 'retryable') && !isGivenUp(error);
}
