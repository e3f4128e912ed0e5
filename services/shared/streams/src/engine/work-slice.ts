import type { Task } from '../task/types.ts';
import type { EngineLimits } from './options.ts';

const workRecords = 100;

/**
 * Works until a commit is due, the event loop wants its turn, or nothing is left; true when there is more to do.
 *
 * @throws what holds the next record up; what was worked before it stays.
 */
export function workSlice(task: Task, { commitRecords, commitBytes, sliceMs }: EngineLimits): boolean {
  const untilMs = performance.now() + sliceMs;
  for (;;) {
    const handled = task.work(workRecords);
    if (handled === 0) return false;
    const { records, bytes } = task.pending;
    if (records >= commitRecords || bytes >= commitBytes || performance.now() >= untilMs) return true;
  }
}
