import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '@zhongtai/local';
import { type Kill, type Progress, type Victim, victims } from './kill-schedule.ts';

export interface Killer {
  /** Tells the share of the events that is sent or stored; resolves when the kills that are due are done. */
  progress(by: Progress, share: number): Promise<void>;
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
  const waiting: Record<Progress, Kill[]> = {
    sent: schedule.filter(({ by }) => by === 'sent'),
    stored: schedule.filter(({ by }) => by === 'stored'),
  };
  let done = 0;
  let last = '';
  let chain = Promise.resolve();
  let failure: unknown;

  async function kill({ victim, by, at, afterMs }: Kill): Promise<void> {
    await stack.healthy(victim);
    await sleep(afterMs);
    await stack.kill(victim, 'SIGKILL');
    byVictim[victim]++;
    done++;
    last = victim;
    log(`kill -9 ${victim} (due at ${(at * 100).toFixed(1)} % ${by})`);
  }

  async function progress(by: Progress, share: number): Promise<void> {
    const queue = waiting[by];
    while (queue[0] !== undefined && queue[0].at <= share) {
      const [due] = queue.splice(0, 1);
      if (due === undefined) break;
      chain = chain
        .then(() => kill(due))
        .catch((error: unknown) => {
          failure ??= error;
        });
    }
    await chain;
  }

  return {
    progress,
    async finish() {
      await progress('sent', 1);
      await progress('stored', 1);
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
