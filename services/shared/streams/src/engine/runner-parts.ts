import type { TaskGroup } from '../log-port.ts';
import type { EngineMetrics } from './metrics.ts';
import type { TaskParts } from './open-task.ts';
import type { Scheduler } from './scheduler.ts';

/** What a task's runner is given by its engine. */
export interface RunnerParts extends TaskParts {
  readonly group: Pick<TaskGroup, 'go' | 'confirm'>;
  readonly scheduler: Scheduler;
  readonly metrics: EngineMetrics;
  readonly prepare: (values: Iterable<Buffer | null>) => Promise<void> | null;
  /** Somebody else has this task now. */
  readonly onLost: (runner: { readonly partition: number; readonly generation: number }) => void;
  readonly onFatal: (error: unknown) => void;
}
