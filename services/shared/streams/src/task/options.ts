import type { OutRecord } from '../log-port.ts';
import type { LocalState } from '../store/local-state.ts';
import type { Application } from '../topology/types.ts';
import type { GlobalView, LateLetter, Letter, Position, TaskObserver } from './types.ts';

export interface TaskOptions {
  readonly application: Application;
  readonly partition: number;
  /** P: the partition count of all co-partitioned topics. */
  readonly partitions: number;
  /** The partition of a key, as every writer of the log computes it. */
  readonly partitionOf: (key: Buffer, partitions: number) => number;
  readonly state: LocalState;
  /** The whole copy of a global table's topic. */
  readonly globals: (topic: string) => GlobalView;
  /** What the last commit left; null on the first run. */
  readonly position: Position | null;
  /** Of this partition of every input, read after fencing. */
  readonly bounds: ReadonlyMap<string, Bounds>;
  /** What tells each input topic from another one of its name; left out where that cannot be told. */
  readonly identities?: ReadonlyMap<string, string>;
  /** How a record that cannot be used is told to the world; goes out in the same transaction. */
  readonly deadLetter: (letter: Letter) => OutRecord;
  /** How a record that came beyond the grace is told to the world. */
  readonly late: (letter: LateLetter) => OutRecord;
  readonly observe?: TaskObserver;
  /** The largest record that the log takes; left out: 1 MB. What is larger is its input's fault. */
  readonly maxRecordBytes?: number;
  /** More records than this share of a minute that cannot be read or make a handler throw are a bad deploy. */
  readonly poisonShare?: number;
}

export interface Bounds {
  readonly earliest: number;
  readonly end: number;
}
