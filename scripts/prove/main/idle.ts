import { setTimeout as sleep } from 'node:timers/promises';
import { type Stack, usageOf } from '@zhongtai/local';
import { serviceNames } from '../../platform/platform.ts';
import { victims } from './kill-schedule.ts';

export interface Idle {
  /** Share of a core in percent, by process. */
  readonly percentOfCore: Readonly<Record<string, number>>;
  /** Our own Node processes together; the front's process is the engine's. */
  readonly ownPercent: number;
}

/** How busy everything is when nothing comes in. */
export async function measureIdle(stack: Stack, seconds: number): Promise<Idle> {
  const read = () => victims.map((name) => usageOf(stack.pid(name)).cpuSeconds);
  const before = read();
  await sleep(seconds * 1000);
  const after = read();
  const percentOfCore = Object.fromEntries(
    victims.map((name, n) => [name, round((100 * ((after[n] ?? 0) - (before[n] ?? 0))) / seconds)]),
  );
  const ownPercent = round(serviceNames.reduce((sum, name) => sum + (percentOfCore[name] ?? 0), 0));
  return { percentOfCore, ownPercent };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
