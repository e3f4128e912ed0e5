import { StreamsError } from '../errors.ts';
import type { Log, LogReader, TransactionalProducer } from '../log-port.ts';
import type { LocalState } from '../store/local-state.ts';
import { createTask } from '../task/create-task.ts';
import { requireShapes } from '../task/position.ts';
import type { Position, Task, TaskObserver } from '../task/types.ts';
import { inputTopics, positionTopic, type StoreLayout } from '../topology/names.ts';
import { inputsNow, soundPosition } from './check-inputs.ts';
import type { GlobalTable } from './global-tables.ts';
import type { EngineLimits, EngineOptions } from './options.ts';
import { readPosition } from './read-position.ts';
import { givenUp, restore } from './restore.ts';

/** What all tasks of an engine share. */
export interface TaskParts
  extends Pick<EngineOptions, 'application' | 'partitions' | 'logger' | 'deadLetter' | 'late'> {
  readonly log: Log;
  /** For positions, ends and restores. */
  readonly reader: LogReader;
  readonly layouts: readonly StoreLayout[];
  readonly openState: (partition: number) => LocalState;
  readonly globals: ReadonlyMap<string, GlobalTable>;
  readonly limits: EngineLimits;
  readonly clock: () => number;
}

export interface OpenedTask {
  readonly task: Task;
  readonly producer: TransactionalProducer;
  readonly state: LocalState;
}

export interface Opening {
  readonly partition: number;
  readonly signal: AbortSignal;
  readonly observe: TaskObserver;
  onRestore(remaining: number): void;
}

/**
 * Takes a task over. The order is what makes it exact: first the former owner is fenced, so that nothing can be
 * added; then the position and the ends are read; then the copy is brought to those ends.
 */
export async function openTask(parts: TaskParts, opening: Opening): Promise<OpenedTask> {
  const { partition, signal } = opening;
  const producer = parts.log.createProducer(`${parts.application.name}.${partition}`);
  let state: LocalState | null = null;
  try {
    await producer.fence();
    check(signal);
    const { name: application } = parts.application;
    const read = await readPosition(parts.reader, { topic: positionTopic(application), partition });
    // Asked before the restore, which may take long.
    requireShapes(read, parts.application);
    const now = await inputsNow(parts.reader, inputTopics(parts.application), partition);
    const position = soundPosition(read, now, { application, partition, logger: parts.logger });
    check(signal);
    state = parts.openState(partition);
    await restore({
      ...parts,
      state,
      partition,
      deleteRetentionMs: parts.limits.deleteRetentionMs,
      onProgress: opening.onRestore,
      signal,
    });
    await globalsAtLeast(parts, position, signal);
    check(signal);
    const task = createTask({
      ...parts,
      partition,
      partitionOf: (key, partitions) => parts.log.partitionOf(key, partitions),
      state,
      globals: (topic) => tableOf(parts, topic),
      position,
      ...now,
      observe: opening.observe,
      poisonShare: parts.limits.poisonShare,
    });
    announce(parts, task);
    return { task, producer, state };
  } catch (error) {
    await state?.close();
    await producer.close().catch(() => undefined);
    throw error;
  }
}

function announce({ logger }: TaskParts, { partition, topologies: { added, removed } }: Task): void {
  if (added.length > 0) logger.info({ partition, topologies: added }, 'new topologies');
  if (removed.length === 0) return;
  logger.warn(
    { partition, topologies: removed },
    'topologies were removed; their state is kept until a reset',
  );
}

function check(signal: AbortSignal): void {
  if (signal.aborted) throw givenUp();
}

async function globalsAtLeast(
  parts: TaskParts,
  position: Position | null,
  signal: AbortSignal,
): Promise<void> {
  for (const [topic, offsets] of Object.entries(position?.globals ?? {})) {
    await parts.globals.get(topic)?.reached(offsets, signal);
  }
}

function tableOf({ globals }: TaskParts, topic: string): GlobalTable {
  const table = globals.get(topic);
  if (table !== undefined) return table;
  throw new StreamsError('ZT-STREAMS-NO-TABLE', `no topology names the global table ${topic}`);
}

/**
 * Drops everything that is not committed; the producer is never used again. `restingMs`: the copy stands at the end
 * of its log now; one that stood still with its log does not age.
 */
export async function closeTask({ producer, state }: OpenedTask, restingMs: number | null): Promise<void> {
  const { mark } = state;
  try {
    if (restingMs !== null && mark !== null) {
      const stamped = { ...mark, sequence: mark.sequence + 1, atEndMs: restingMs };
      state.apply({ from: mark.sequence, mark: stamped, keyed: [], windows: [] });
    }
  } finally {
    await producer.close().catch(() => undefined);
    await state.close();
  }
}
