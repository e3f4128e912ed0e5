import type { Registry } from 'prom-client';
import type { Log, OutRecord } from '../log-port.ts';
import type { StateDirectory } from '../store/state-directory.ts';
import { POISON_SHARE } from '../task/poison-rate.ts';
import type { LateLetter, Letter } from '../task/types.ts';
import type { Application } from '../topology/types.ts';

/** What the engine says: constant sentences with fields, as pino takes them. */
export interface EngineLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Another application whose lag holds our idle time back, because it writes what we read. */
export interface Upstream {
  readonly groupId: string;
  readonly topics: readonly string[];
}

export interface EngineLimits {
  /** Time between commits under load. */
  readonly commitMs: number;
  /** Shortest time between two commits when the inputs are drained. */
  readonly drainedCommitMs: number;
  /** Records and bytes after which a commit begins at once. */
  readonly commitRecords: number;
  readonly commitBytes: number;
  /** Bytes of one input partition that may wait in memory; then its fetching stops. */
  readonly waitingBytes: number;
  /** How long work may hold the event loop. */
  readonly sliceMs: number;
  /** How often lag tools are told where we stand, and idle time is looked at. */
  readonly tickMs: number;
  /** How long a revoke waits for the last commit before it gives up. */
  readonly revokeMs: number;
  readonly sessionTimeoutMs: number;
  /** How long deletes stay in compacted topics: a local copy older than half of it is rebuilt. */
  readonly deleteRetentionMs: number;
  /** Above this share of poison within a minute the application stops in this process: a bad deploy. 1: never. */
  readonly poisonShare: number;
}

export const defaultLimits: EngineLimits = {
  commitMs: 100,
  drainedCommitMs: 20,
  commitRecords: 20_000,
  commitBytes: 8 * 1024 * 1024,
  waitingBytes: 4 * 1024 * 1024,
  sliceMs: 5,
  tickMs: 1000,
  revokeMs: 3000,
  sessionTimeoutMs: 6000,
  deleteRetentionMs: 7 * 24 * 60 * 60 * 1000,
  poisonShare: POISON_SHARE,
};

export interface EngineOptions {
  readonly application: Application;
  readonly log: Log;
  /**
   * Where local copies lie. Several processes may share the directory: each keeps its own in
   * `<directory>/<instance>/<application>`. `memory`: nothing is kept, each start restores everything. One that is
   * opened already is closed with the engine.
   */
  readonly stateDirectory: string | StateDirectory;
  /** Stable name of this process, so that a restart finds its tasks and their state again. */
  readonly instance: string;
  /** The one partition count of all co-partitioned topics. */
  readonly partitions: number;
  readonly logger: EngineLogger;
  readonly metrics: Registry;
  readonly clock?: () => number;
  /** Build records for `dead-letter` and `late`; synchronous. What they throw stops the application. */
  readonly deadLetter: (letter: Letter) => OutRecord;
  readonly late: (letter: LateLetter) => OutRecord;
  /**
   * Called with each page before a task or a table gets it: the place to learn schemas. A retryable rejection
   * holds the partition back and is tried again. Null: nothing to wait for.
   */
  readonly prepare?: (values: Iterable<Buffer | null>) => Promise<void> | null;
  /** Who writes an input, directly or through others; those farthest up first. Left out: nobody of ours. */
  readonly upstream?: (topic: string) => readonly Upstream[];
  readonly limits?: Partial<EngineLimits>;
  /** Going on would be wrong; the engine has stopped its tasks. */
  readonly onFatal: (error: unknown) => void;
}

export type TaskPhase = 'opening' | 'restoring' | 'running' | 'committing' | 'lost' | 'closed';

export interface TaskView {
  readonly partition: number;
  readonly phase: TaskPhase;
  /** Since when it has stood in this phase, by the engine's clock. */
  readonly sinceMs: number;
  /** Records that the restore still has to read; 0 when it is done. */
  readonly restoreRemaining: number;
  readonly lastError: string | null;
  /** Since when it has waited for something that fails again and again; null when nothing does. */
  readonly waitingSinceMs: number | null;
}

export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

export interface Engine {
  /** Checks topics, joins the group. Rejects when the application cannot run as it is. */
  start(): Promise<void>;
  /** Commits what is done, leaves the group. */
  stop(): Promise<void>;
  /** Whether work moves: tasks are assigned, and none has stood still too long. */
  readiness(): Readiness;
  tasks(): readonly TaskView[];
}
