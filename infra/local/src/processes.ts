import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const pageBytes = 4096;
const ticksPerSecond = 100;

/**
 * When the process with this number began, as the system tells it; undefined when there is none (or only a
 * zombie). A number alone may have been given to another process meanwhile; number and birth have not.
 */
export function birthOf(pid: number): string | undefined {
  if (pid <= 0) return undefined;
  if (process.platform !== 'linux') return field(pid, 'lstart');
  const stat = statOf(pid);
  return stat === undefined || stat[0] === 'Z' ? undefined : stat[19];
}

/** Resident memory in bytes and CPU time in seconds of a process, and of its children where that is wanted. */
export function usageOf(
  pid: number,
  children: 'with' | 'without' = 'with',
): { residentBytes: number; cpuSeconds: number } {
  if (process.platform !== 'linux') {
    return { residentBytes: Number(field(pid, 'rss') ?? 0) * 1024, cpuSeconds: 0 };
  }
  let residentBytes = 0;
  let cpuSeconds = 0;
  for (const each of [pid, ...(children === 'with' ? childrenOf(pid) : [])]) {
    const stat = statOf(each);
    if (stat === undefined) continue;
    residentBytes += Number(stat[21]) * pageBytes;
    cpuSeconds += (Number(stat[11]) + Number(stat[12])) / ticksPerSecond;
  }
  return { residentBytes, cpuSeconds };
}

/**
 * The variables by which the processes of a stack are known, whatever becomes of the notes about them: one for those
 * that are supervised, one for who supervises. The value is the folder of those notes.
 */
export const partMark = 'ZHONGTAI_STACK_PART';
export const supervisorMark = 'ZHONGTAI_STACK_SUPERVISOR';

/** Every process that carries the mark, but this one; only Linux tells. */
export function markedBy(mark: string, run: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && environmentOf(pid).includes(`${mark}=${run}`));
}

/** The process that started this one, or took it over. */
export function parentOf(pid: number): number | undefined {
  const parent = statOf(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Sends the signal unless the process is gone. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself, which is what a signal is for.
  }
}

/** Asks, waits, insists: whatever the process does, it is gone afterwards. */
export async function end(pid: number, polite: NodeJS.Signals, graceMs: number): Promise<void> {
  const birth = birthOf(pid);
  if (birth === undefined) return;
  signal(pid, polite);
  if (await isGone(pid, birth, graceMs)) return;
  signal(pid, 'SIGKILL');
  await isGone(pid, birth, 5_000);
}

/** Waits until that very process has ended; false when it still lives after `limitMs`. */
export async function isGone(pid: number, birth: string, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while (birthOf(pid) === birth) {
    if (Date.now() > deadline) return false;
    await sleep(25);
  }
  return true;
}

/** The fields of /proc/<pid>/stat after the name (which may hold blanks and brackets); [0] is the state. */
function statOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function childrenOf(pid: number): number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    const each = Number(name);
    if (Number.isInteger(each) && Number(statOf(each)?.[1]) === pid) found.push(each);
  }
  return found;
}

function field(pid: number, name: string): string | undefined {
  try {
    return (
      execFileSync('ps', ['-o', `${name}=`, '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
    );
  } catch {
    return undefined;
  }
}
