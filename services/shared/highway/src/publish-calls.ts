import { HighwayError } from './errors.ts';
import { PublishCall } from './partition-queue.ts';

const sweepMs = 100;

/** The calls of `publish` that are not answered yet. Time limits hold even while a request hangs. */
export class PublishCalls {
  readonly #clock: () => number;
  readonly #timeoutMs: number;
  readonly #onExpired: () => void;
  readonly #open = new Set<PublishCall>();
  #sweeper: NodeJS.Timeout | null = null;

  /** `onExpired` is told after calls were answered at their deadline: their waiting records may be dropped. */
  constructor(clock: () => number, timeoutMs: number, onExpired: () => void) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#onExpired = onExpired;
  }

  open(count: number): PublishCall {
    const call = new PublishCall(count, this.#clock() + this.#timeoutMs);
    this.#open.add(call);
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepMs);
    return call;
  }

  close(call: PublishCall): void {
    this.#open.delete(call);
  }

  /** Waits until all are answered, whatever the answers are. */
  async drain(): Promise<void> {
    await Promise.allSettled([...this.#open].map((call) => call.promise));
    this.#stopSweeper();
  }

  #sweep(): void {
    const now = this.#clock();
    const expired = [...this.#open].filter(({ deadline }) => deadline <= now);
    for (const call of expired) call.fail(tooLate());
    if (expired.length > 0) this.#onExpired();
    if (this.#open.size === 0) this.#stopSweeper();
  }

  #stopSweeper(): void {
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#sweeper = null;
  }
}

export function tooLate(): HighwayError {
  return new HighwayError('ZT-HIGHWAY-TIMEOUT', 'kafka did not acknowledge in time');
}
