import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { randomSchedule } from '../driver/index.ts';
import { cases } from './cases.ts';
import { inputs } from './input.ts';
import { outcomeOf, unordered } from './outcome.ts';

const SEED = Number(process.env['SEED'] ?? 20_260_601);
const RUNS = Number(process.env['RUNS'] ?? 200);

describe('under crashes, rebalances, zombies and lost stores at every step of a commit', () => {
  it.each(cases)(
    '$name: outputs, stores and timers are those of a run without a fault',
    (proven) => {
      fc.assert(
        fc.property(inputs, fc.nat(), fc.boolean(), (input, seed, isEnded) => {
          const calm = outcomeOf(proven, input, { isEnded });
          const stormy = outcomeOf(proven, input, { isEnded, schedule: randomSchedule(seed) });
          if (proven.hasStages) expect(unordered(stormy)).toEqual(unordered(calm));
          else expect(stormy).toEqual(calm);
        }),
        { seed: SEED, numRuns: RUNS },
      );
    },
    120_000,
  );
});
