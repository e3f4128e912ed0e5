import type { LossClass } from '@zhongtai/schemas';

/**
 * Part of the capacity that each loss class may use. The less a loss hurts, the earlier it is turned away, so
 * that there is always room for orders and payments when there is none for page views.
 */
const SHARE: Readonly<Record<LossClass, number>> = { P3: 0.5, P2: 0.65, P1: 0.8, P0: 1 };

/** Counts the bytes of requests between their first byte and their answer, and says who still gets in. */
export interface Pressure {
  readonly bytes: number;
  /** Counts bytes as under way. */
  add(bytes: number): void;
  remove(bytes: number): void;
  /** Whether events of this class are taken at the present load. */
  admits(lossClass: LossClass): boolean;
}

export function createPressure(capacityBytes: number): Pressure {
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    add(count) {
      bytes += count;
    },
    remove(count) {
      bytes -= count;
    },
    admits: (lossClass) => bytes <= capacityBytes * SHARE[lossClass],
  };
}
