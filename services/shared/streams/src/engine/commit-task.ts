import type { OutRecord } from '../log-port.ts';
import type { Cut } from '../task/types.ts';
import type { OpenedTask } from './open-task.ts';

/** What became of a commit. */
export type CommitOutcome =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'committed'; readonly records: number; readonly positions: ReadonlyMap<string, number> }
  /** The task was given up while the answer was under way; the log has it all, or nothing of it. */
  | { readonly kind: 'given-up' }
  /** The log refused or did not answer. */
  | { readonly kind: 'failed'; readonly error: unknown }
  /** The log has it and the local copy does not: somebody else has written to it, or it cannot be written. */
  | { readonly kind: 'not-applied'; readonly error: unknown };

/**
 * One commit: everything since the last one goes out in one transaction, and only then into the local copy.
 *
 * @param isOpen whether the task still is ours; asked after the transaction.
 */
export async function commitTask(
  { task, producer }: OpenedTask,
  nowMs: number,
  isOpen: () => boolean,
): Promise<CommitOutcome> {
  const positions = task.positions();
  let cut: Cut | null;
  let ends: ReadonlyMap<string, number>;
  try {
    cut = task.cut(nowMs);
    if (cut === null) return { kind: 'nothing' };
    ends = await producer.commit(recordsOf(cut));
  } catch (error) {
    return isOpen() ? { kind: 'failed', error } : { kind: 'given-up' };
  }
  if (!isOpen()) return { kind: 'given-up' };
  try {
    task.applied(cut, ends);
  } catch (error) {
    return { kind: 'not-applied', error };
  }
  return { kind: 'committed', records: cut.records, positions };
}

function recordsOf({ outputs, changelogs, position }: Cut): OutRecord[] {
  return [...outputs, ...changelogs, position];
}
