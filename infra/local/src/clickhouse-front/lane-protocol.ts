import type { RunResult } from './engine.ts';
import type { Right } from './sandbox.ts';

/** A statement on its way to a lane. */
export interface Job {
  readonly id: number;
  readonly preparation: readonly string[];
  readonly sql: string;
  readonly format: string;
  readonly right: Right;
  /**
   * `stream`: chunk by chunk; `whole`: the answer in one piece, with its counts; `insert`: an INSERT, whose
   * data (if it carries any) lies in the file that `sql` names.
   */
  readonly mode: 'stream' | 'whole' | 'insert';
  /**
   * Whether the engine's tree of the statement is looked at first. An INSERT with data is not: it names only a
   * table and columns, and in its tree our own file would be refused.
   */
  readonly treeChecked: boolean;
}

export type ToLane =
  | { readonly type: 'job'; readonly job: Job }
  /** The reader wants one more chunk of job `id`. */
  | { readonly type: 'more'; readonly id: number }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'end' };

export type Counts = Omit<RunResult, 'bytes'>;

export type FromLane =
  | { readonly type: 'ready' }
  | { readonly type: 'chunk'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'done'; readonly id: number; readonly counts: Counts }
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly message: string;
      readonly code: number;
      readonly name: string;
    };
