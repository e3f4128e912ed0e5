import { compareKeys } from '../store/key-order.ts';
import type { DueTimer } from '../topology/types.ts';

export interface StoredTimer extends DueTimer {
  readonly name: string;
}

/** A binary heap: the first in the order of due time, key and name comes first. */
export class TimerHeap {
  #timers: StoredTimer[] = [];

  peek(): StoredTimer | undefined {
    return this.#timers[0];
  }

  push(timer: StoredTimer): void {
    const timers = this.#timers;
    let at = timers.length;
    timers.push(timer);
    while (at > 0) {
      const above = (at - 1) >>> 1;
      const parent = timers[above];
      if (parent === undefined || !comesBefore(timer, parent)) break;
      timers[at] = parent;
      at = above;
    }
    timers[at] = timer;
  }

  pop(): void {
    const timers = this.#timers;
    const last = timers.pop();
    if (last === undefined || timers.length === 0) return;
    let at = 0;
    for (;;) {
      const below = this.#firstBelow(at);
      const child = timers[below];
      if (child === undefined || !comesBefore(child, last)) break;
      timers[at] = child;
      at = below;
    }
    timers[at] = last;
  }

  #firstBelow(at: number): number {
    const left = this.#timers[2 * at + 1];
    const right = this.#timers[2 * at + 2];
    return left !== undefined && right !== undefined && comesBefore(right, left) ? 2 * at + 2 : 2 * at + 1;
  }
}

/** The order of due time, key and name. */
export function comesBefore(left: StoredTimer, right: StoredTimer): boolean {
  if (left.dueMs !== right.dueMs) return left.dueMs < right.dueMs;
  if (left.key !== right.key) return compareKeys(left.key, right.key) < 0;
  return left.name < right.name;
}
