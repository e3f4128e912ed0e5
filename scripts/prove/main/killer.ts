import type { Stack } from '@zhongtai/local';
import { type Kill, type Victim, victims } from './kill-schedule.ts';

export interface Killer {
  /** Tells the share of the events that is accepted; kills that are due follow. */
  progress(share: number): void;
  /** Carries out what is still due at the end, and resolves when every part is well again. */
  finish(): Promise<void>;
  readonly done: number;
  readonly byVictim: Readonly<Record<Victim, number>>;
  readonly last: string;
}

/**
 * Kills by schedule, one after another. A victim that is still getting up is waited for, others are not: their
 * troubles overlap as they come.
 */
export function createKiller(stack: Stack, schedule: readonly Kill[], log: (line: string) => void): Killer {
  const byVictim = Object.fromEntries(victims.map((victim) => [victim, 0])) as Record<Victim, number>;
  const waiting = [...schedule];
  let done = 0;
  let last = '';
  let chain = Promise.resolve();
  let failure: unknown;

  async function kill({ victim, at }: Kill): Promise<void> {
    await stack.healthy(victim);
    await stack.kill(victim, 'SIGKILL');
    byVictim[victim]++;
    done++;
    last = victim;
    log(`kill -9 ${victim} (due at ${(at * 100).toFixed(1)} %)`);
  }

  function progress(share: number): void {
    while (waiting[0] !== undefined && waiting[0].at <= share) {
      const [due] = waiting.splice(0, 1);
      if (due === undefined) return;
      chain = chain
        .then(() => kill(due))
        .catch((error: unknown) => {
          failure ??= error;
        });
    }
  }

  return {
    progress,
    async finish() {
      progress(1);
      await chain;
      if (failure !== undefined) throw failure;
      for (const victim of victims) await stack.healthy(victim);
    },
    get done() {
      return done;
    },
    byVictim,
    get last() {
      return last;
    },
  };
}
