import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Flaw, randomSchedule } from '../driver/index.ts';
import { type Case, joinCase, sessionCase, timerCase, windowCase } from './cases.ts';
import { inputs } from './input.ts';
import { outcomeOf } from './outcome.ts';

/** A proof that cannot fail proves nothing: without the guarantee, the same comparison must find a difference. */
function differs(proven: Case, flaw: Flaw): boolean {
  const property = fc.property(inputs, fc.nat(), (input, seed) => {
    const calm = outcomeOf(proven, input);
    const broken = outcomeOf(proven, input, { flaw, schedule: randomSchedule(seed) });
    expect(broken).toEqual(calm);
  });
  return fc.check(property, { seed: 20_260_603, numRuns: 300, endOnFailure: true }).failed;
}

describe('the proof of exactly once finds what is wrong when', () => {
  const flaws: readonly (readonly [Flaw, Case, string])[] = [
    ['apply-before-commit', sessionCase(), 'the local state is written before the commit'],
    ['changelog-outside', sessionCase(), 'changelogs are not in the transaction'],
    ['position-outside', joinCase(), 'the position is not in the transaction'],
    ['unfenced', windowCase(), 'a former owner is not refused'],
    ['restore-skipped', timerCase, 'a new owner does not follow the changelogs'],
  ];
  it.each(flaws)('%s', (flaw, proven) => {
    expect(differs(proven, flaw)).toBe(true);
  });
});
