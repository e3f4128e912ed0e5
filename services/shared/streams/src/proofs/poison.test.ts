import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { randomSchedule } from '../driver/index.ts';
import { timerCase } from './cases.ts';
import { inputs } from './input.ts';
import { outcomeOf } from './outcome.ts';

describe('a poison record, under faults', () => {
  it('has no effect and is set aside once; its fellows have theirs once', () => {
    fc.assert(
      fc.property(inputs, fc.nat(), (input, seed) => {
        const { outputs, deadLetters } = outcomeOf(timerCase, input, { schedule: randomSchedule(seed) });
        const told = Object.values(outputs)
          .flat()
          .filter((value) => !value.startsWith('reminded'))
          .map(Number);
        const given = input.filter(({ topic }) => topic !== 'profiles');
        const isPoison = (id: number): boolean => id % 7 === 0;
        const good = given.filter(({ topic, fact }) => topic === 'orders' && !isPoison(fact.id));
        expect(told.sort((a, b) => a - b)).toEqual(good.map(({ fact }) => fact.id).sort((a, b) => a - b));
        expect(new Set(deadLetters).size).toBe(deadLetters.length);
        expect(deadLetters).toHaveLength(given.filter(({ fact }) => isPoison(fact.id)).length);
      }),
      { seed: 20_260_604, numRuns: 150 },
    );
  });
});
