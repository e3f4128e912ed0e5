/** Keeps the rows held in memory by all partitions together below a limit. */
export interface Budget {
  /** A holder says how many bytes it holds now. */
  hold(holder: object, bytes: number): void;
  release(holder: object): void;
  /** True while partitions should cut what they have rather than wait for more. */
  readonly exceeded: boolean;
  readonly bytes: number;
}

export function createBudget(limitBytes: number): Budget {
  const held = new Map<object, number>();
  let total = 0;
  return {
    hold(holder, bytes) {
      total += bytes - (held.get(holder) ?? 0);
      held.set(holder, bytes);
    },
    release(holder) {
      total -= held.get(holder) ?? 0;
      held.delete(holder);
    },
    get exceeded() {
      return total > limitBytes;
    },
    get bytes() {
      return total;
    },
  };
}
