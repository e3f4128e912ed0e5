import { busy, type ClickHouseError } from './exceptions.ts';
import type { Right } from './sandbox.ts';

/** Places for waiting statements, and how long one may wait. */
export interface QueueLimits extends Readonly<Record<Right, number>> {
  readonly maxWaitMs: number;
}

export interface Waiting {
  readonly right: Right;
  readonly reject: (error: ClickHouseError) => void;
}

/**
 * Statements before the lanes, the oldest first. Analysts have places of their own, so that their crowd never takes
 * those of the services.
 */
export class Queue<T extends Waiting> {
  readonly #limits: QueueLimits;
  readonly #timers = new Map<T, NodeJS.Timeout>();

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  count(right: Right): number {
    return [...this.#timers.keys()].filter((waiting) => waiting.right === right).length;
  }

  /** @throws ClickHouseError 202 (TOO_MANY_SIMULTANEOUS_QUERIES) when no place is left. */
  checkRoom(right: Right): void {
    const places = this.#limits[right];
    if (this.count(right) >= places) throw busy(`${places} are waiting already`);
  }

  add(waiting: T): void {
    const { maxWaitMs } = this.#limits;
    const timer = setTimeout(() => {
      if (this.remove(waiting)) waiting.reject(busy(`no lane came free within ${maxWaitMs / 1000} s`));
    }, maxWaitMs);
    timer.unref();
    this.#timers.set(waiting, timer);
  }

  /** Returns whether it was still waiting. */
  remove(waiting: T): boolean {
    clearTimeout(this.#timers.get(waiting));
    return this.#timers.delete(waiting);
  }

  /** The oldest for which there is a lane; one that has to wait does not hold up those behind it. */
  takeFirst(hasLane: (right: Right) => boolean): T | undefined {
    const first = [...this.#timers.keys()].find((waiting) => hasLane(waiting.right));
    if (first) this.remove(first);
    return first;
  }

  empty(why: ClickHouseError): void {
    for (const waiting of [...this.#timers.keys()]) {
      this.remove(waiting);
      waiting.reject(why);
    }
  }
}
