import type { StackFolders } from './part.ts';
import { birthOf, markedBy, parentOf, partMark, supervisorMark } from './processes.ts';
import type { StackState } from './state.ts';

/** A process of a stack that has no good notes any more. */
export interface Leftover {
  readonly name: string;
  readonly pid: number;
}

/**
 * What still runs of a stack whose supervisor is gone or whose notes are: by the notes, and by the mark that its
 * processes carry. A supervisor comes first, or it would start again what is ended; one that has no parts is another
 * starter's and on its way in.
 */
export function leftBehind(folders: StackFolders, notes: StackState | undefined): Leftover[] {
  const noted = (notes?.parts ?? []).filter(({ pid, birth }) => pid !== 0 && birthOf(pid) === birth);
  const marked = markedBy(partMark, folders.run).filter((pid) => birthOf(pid) !== undefined);
  const parents = new Set(marked.map(parentOf));
  const supervisors = markedBy(supervisorMark, folders.run).filter((pid) => parents.has(pid));
  const others = marked.filter((pid) => !noted.some((part) => part.pid === pid));
  return [
    ...supervisors.map((pid) => ({ name: 'supervisor', pid })),
    ...noted.map(({ name, pid }) => ({ name, pid })),
    ...others.map((pid) => ({ name: 'a process', pid })),
  ];
}
