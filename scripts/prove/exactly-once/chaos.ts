import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '@zhongtai/local';
import { type Event, type Trouble, troubles } from './chaos-schedule.ts';
import type { Workers } from './workers.ts';

export interface Chaos {
  readonly done: Readonly<Record<Trouble, number>>;
}

/** Plays a schedule; resolves when everything that was hurt is started again. */
export async function playChaos(
  schedule: readonly Event[],
  { workers, stack, log }: { workers: Workers; stack: Stack; log: (line: string) => void },
): Promise<Chaos> {
  const done = Object.fromEntries(troubles.map((trouble) => [trouble, 0])) as Record<Trouble, number>;
  const healing: Promise<void>[] = [];
  let joined = 0;

  /** A process was frozen long enough to be replaced, or is dead: it comes back after its time. */
  async function hurt({ trouble, lastsMs }: Event, name: string): Promise<void> {
    if (trouble === 'freeze') {
      workers.freeze(name);
      await sleep(lastsMs);
      workers.thaw(name);
      return;
    }
    if (trouble === 'leave') await workers.stop(name);
    else await workers.kill(name);
    if (trouble === 'wipe') await workers.wipe(name);
    await sleep(lastsMs);
    workers.start(name);
  }

  async function visit({ lastsMs }: Event): Promise<void> {
    joined++;
    const name = `guest-${joined}`;
    workers.start(name);
    await sleep(4_000 + lastsMs);
    await workers.stop(name);
  }

  for (const [n, event] of schedule.entries()) {
    const { trouble, which, pauseMs } = event;
    const present = workers.present.filter((name) => !name.startsWith('guest'));
    const name = present[Math.floor(which * present.length)];
    done[trouble]++;
    log(
      `${n + 1}/${schedule.length} ${trouble} ${trouble === 'broker' || trouble === 'join' ? '' : (name ?? '(nobody left)')}`,
    );
    if (trouble === 'broker') {
      await stack.healthy('kafka');
      await stack.kill('kafka', 'SIGKILL');
    } else if (trouble === 'join') healing.push(visit(event));
    else if (name !== undefined) healing.push(hurt(event, name));
    await sleep(pauseMs);
  }
  await Promise.all(healing);
  await stack.healthy('kafka');
  return { done };
}
