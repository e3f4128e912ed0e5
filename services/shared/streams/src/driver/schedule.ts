/** Where a task may die, or be taken away from its process, in the order of a commit. */
export const faultSteps = [
  /** Records were handled, nothing is cut. */
  'before-cut',
  'after-cut',
  /** The records are sent, the transaction is open: it will be aborted. */
  'during-send',
  /** A slow process wakes when another has taken over, and sends what it has. */
  'zombie-before-commit',
  /** Committed, but the local state does not know. */
  'after-commit',
  /** A slow process wakes between commit and apply, when its successor has gone on with the same local state. */
  'zombie-before-apply',
  'after-apply',
  /** While the next owner follows the changelogs. */
  'restoring',
] as const;
export type FaultStep = (typeof faultSteps)[number];

export interface Fault {
  /** The local state is lost with the process: the next owner begins with none. */
  readonly losesStore?: boolean;
  /** The next owner is the next instance, with what that one kept from its last time. */
  readonly moves?: boolean;
}

/** Decides what may differ from run to run and must not change the result. */
export interface Schedule {
  /** Asked at every step of every task. */
  fault(step: FaultStep, partition: number): Fault | null;
  /** After how many records and timers a commit is due. */
  commitRecords(): number;
  /** How much of an input is fetched at once. */
  pageBytes(): number;
  /** Whether changelogs, positions and tables lose now what newer records replaced. */
  compacts(): boolean;
}

/** No faults, commits when nothing is left to do. */
export const calmSchedule: Schedule = {
  fault: () => null,
  commitRecords: () => Number.POSITIVE_INFINITY,
  pageBytes: () => Number.POSITIVE_INFINITY,
  compacts: () => false,
};

export interface RandomScheduleOptions {
  /** Of all steps, how many go wrong: 0 to 1. Left out: 0.2. */
  readonly faultShare?: number;
  /** After so many nothing goes wrong any more, so that every run ends. Left out: 40. */
  readonly faults?: number;
}

/** Crashes, rebalances, zombies, lost stores, small pages and small commits; the same for the same seed. */
export function randomSchedule(seed: number, options: RandomScheduleOptions = {}): Schedule {
  const { faultShare = 0.2, faults = 40 } = options;
  const random = randomNumbers(seed);
  let left = faults;
  return {
    fault: () => {
      if (left === 0 || random() >= faultShare) return null;
      left -= 1;
      return { losesStore: random() < 0.25, moves: random() < 0.3 };
    },
    commitRecords: () => 1 + Math.floor(random() * 8),
    pageBytes: () => 1 + Math.floor(random() * 400),
    compacts: () => random() < 0.1,
  };
}

/** Mulberry32: small, and good enough to choose faults. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
