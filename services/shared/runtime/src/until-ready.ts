import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, isFailure, messageOf } from './errors.ts';
import type { Logger } from './logger.ts';

export interface UntilReadyOptions {
  /** What is waited for, as people call it: `kafka`. */
  readonly what: string;
  /** Where it should be. What stands before an `@` is not shown. */
  readonly address: string | readonly string[];
  /** Raised: the waiting ends at once, whatever the call under way does. */
  readonly signal: AbortSignal;
  readonly logger: Pick<Logger, 'warn'>;
  /** After this time a failure is thrown instead of waited out. For ever unless told. */
  readonly giveUpMs?: number;
  /** Between two attempts. */
  readonly pauseMs?: number;
  /** At most one line in this time, the first with the first failure. */
  readonly sayEveryMs?: number;
  /** An attempt that has not answered by then is worth the first line. */
  readonly slowMs?: number;
  /** What readiness says meanwhile. */
  readonly onWaiting?: (reason: string) => void;
}

/**
 * Works as soon as another service is there: tries until it works, and says in one short line, now and then, what is
 * waited for.
 *
 * @throws the failure of `work` when it is not one that passes, or when it is time to give up.
 * @throws the signal's reason when it is raised.
 */
export async function untilReady<T>(work: () => Promise<T>, options: UntilReadyOptions): Promise<T> {
  const { signal, giveUpMs = Number.POSITIVE_INFINITY, pauseMs = 500, slowMs = 2000 } = options;
  const say = createNotice(options);
  const startMs = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const slow = setInterval(() => say('no answer yet', undefined), slowMs);
    try {
      return await unlessAborted(work(), signal);
    } catch (error) {
      const isLate = performance.now() - startMs > giveUpMs;
      if (signal.aborted || isLate || !isFailure(error, 'retryable')) throw error;
      say(messageOf(error), codeOf(error));
    } finally {
      clearInterval(slow);
    }
    await sleep(pauseMs, undefined, { signal });
  }
}

function createNotice({ what, address, logger, sayEveryMs = 10_000, onWaiting }: UntilReadyOptions) {
  const shown = [address].flat().map(withoutSecrets).join(',');
  let saidMs = Number.NEGATIVE_INFINITY;
  return (reason: string, code: string | undefined): void => {
    onWaiting?.(`waiting for ${what} at ${shown}: ${reason}`);
    if (performance.now() - saidMs < sayEveryMs) return;
    saidMs = performance.now();
    logger.warn({ waitsFor: what, address: shown, code, reason: shortened(reason) }, 'waiting');
  };
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function withoutSecrets(address: string): string {
  return address.replace(/^([a-z]+:\/\/)?[^/]*@/, '$1').replace(/[?#].*$/, '');
}

/** Clients nest what they say; the beginning names the cause. */
function shortened(reason: string): string {
  return reason.length > 200 ? `${reason.slice(0, 200)}…` : reason;
}
