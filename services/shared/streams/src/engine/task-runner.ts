import type { LogBatch, OutRecord, Place, TaskGroup } from '../log-port.ts';
import type { Cut, TaskObserver } from '../task/types.ts';
import { commitWaitMs } from './commit-policy.ts';
import { backoffMs, isFenced, isRetryable, messageOf, pause, reasonOf } from './failures.ts';
import { InputProgress } from './input-progress.ts';
import type { EngineMetrics, WatchedTask } from './metrics.ts';
import { type OpenedTask, openTask, type TaskParts } from './open-task.ts';
import type { TaskPhase, TaskView } from './options.ts';
import type { Scheduler, Workable } from './scheduler.ts';

export interface RunnerParts extends TaskParts {
  readonly group: Pick<TaskGroup, 'go' | 'confirm'>;
  readonly scheduler: Scheduler;
  readonly metrics: EngineMetrics;
  readonly prepare: (values: Iterable<Buffer | null>) => Promise<void> | null;
  /** Somebody else has this task now. */
  readonly onLost: (runner: TaskRunner) => void;
  readonly onFatal: (error: unknown) => void;
}

const workRecords = 100;

/** The life of one task in one generation: opened, worked in slices, committed, given up. */
export class TaskRunner implements Workable, WatchedTask {
  readonly partition: number;
  readonly generation: number;
  readonly inputs: InputProgress;
  readonly #parts: RunnerParts;
  readonly #observer: TaskObserver;
  readonly #ending = new AbortController();
  #opened: OpenedTask | null = null;
  #phase: TaskPhase = 'opening';
  #sinceMs: number;
  #lastError: string | null = null;
  #committing: Promise<void> | null = null;
  #lastCommitMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #opening: Promise<void> = Promise.resolve();
  restoreRemaining = 0;

  constructor(partition: number, generation: number, parts: RunnerParts) {
    this.partition = partition;
    this.generation = generation;
    this.#parts = parts;
    this.#sinceMs = parts.clock();
    this.#observer = parts.metrics.observer(partition);
    this.inputs = new InputProgress(parts.limits.waitingBytes);
  }

  get phase(): TaskPhase {
    return this.#phase;
  }

  get view(): TaskView {
    const { partition, phase, restoreRemaining } = this;
    return { partition, phase, sinceMs: this.#sinceMs, restoreRemaining, lastError: this.#lastError };
  }

  get opened(): OpenedTask | null {
    return this.#opened;
  }

  /** Begins to open the task; what goes wrong on the way is tried again, or told to the engine. */
  start(): void {
    this.#opening = this.#openUntilDone();
  }

  #enter(phase: TaskPhase): void {
    this.#phase = phase;
    this.#sinceMs = this.#parts.clock();
  }

  async #openUntilDone(): Promise<void> {
    const { signal } = this.#ending;
    const startedMs = performance.now();
    for (let attempt = 1; !signal.aborted; attempt++) {
      this.#enter('opening');
      try {
        const opened = await openTask(this.#parts, this.#openingParts());
        this.#go(opened);
        this.#parts.metrics.restoreSeconds.observe(this.#label, (performance.now() - startedMs) / 1000);
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!isRetryable(error)) return this.#fail(error);
        this.#lastError = messageOf(error);
        const { partition } = this;
        this.#parts.logger.warn({ partition, attempt, err: error }, 'task cannot be opened yet');
        await pause(backoffMs(attempt), signal);
      }
    }
  }

  #openingParts() {
    const { partition } = this;
    return {
      partition,
      signal: this.#ending.signal,
      observe: this.#observer,
      onRestore: (remaining: number) => {
        if (this.#phase === 'opening') this.#enter('restoring');
        this.restoreRemaining = remaining;
      },
    };
  }

  #go(opened: OpenedTask): void {
    const { task } = opened;
    this.#opened = opened;
    this.#lastError = null;
    this.restoreRemaining = 0;
    this.#enter('running');
    const { added, removed } = task.topologies;
    const { partition } = this;
    const positions = Object.fromEntries(task.positions());
    this.#parts.logger.info({ partition, generation: this.generation, positions }, 'task opened');
    if (added.length > 0) this.#parts.logger.info({ partition, topologies: added }, 'new topologies');
    if (removed.length > 0) {
      const text = 'topologies were removed; their state is kept until a reset';
      this.#parts.logger.warn({ partition, topologies: removed }, text);
    }
    this.inputs.begin(task, this.#parts.clock());
    for (const [topic, offset] of task.positions()) this.#parts.group.go(this.#place(topic), offset);
    this.#schedule();
  }

  #place(topic: string): Place {
    return { topic, partition: this.partition };
  }

  get #label() {
    return { application: this.#parts.application.name };
  }

  #schedule(): void {
    if (this.#phase === 'running' && !this.#ending.signal.aborted) this.#parts.scheduler.schedule(this);
  }

  /** Resolves when the next batch of the input may come: at once, or when enough of it is worked. */
  async receive(batch: LogBatch): Promise<void> {
    const { signal } = this.#ending;
    await this.#prepared(batch, signal);
    const opened = this.#opened;
    if (opened === null || signal.aborted) return;
    if (!this.inputs.isExpected(batch)) {
      // Fetched before the task was opened anew: reading begins again where the task stands.
      this.#parts.group.go(batch, this.inputs.expected(batch.topic));
      return;
    }
    opened.task.receive(batch.topic, batch);
    this.inputs.received(batch, this.#parts.clock());
    this.#schedule();
    await this.inputs.room(batch.topic);
  }

  async #prepared(batch: LogBatch, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        const preparing = this.#parts.prepare(valuesOf(batch));
        if (preparing !== null) await preparing;
        return;
      } catch (error) {
        if (!isRetryable(error)) return this.#fail(error);
        this.#lastError = messageOf(error);
        this.#parts.logger.warn({ ...this.#place(batch.topic), attempt, err: error }, 'batch waits');
        await pause(backoffMs(attempt), signal);
      }
    }
  }

  runSlice(): boolean {
    const opened = this.#opened;
    if (opened === null || this.#phase !== 'running' || this.#ending.signal.aborted) return false;
    let more = false;
    try {
      more = this.#work(opened);
    } catch (error) {
      this.#workFailed(error);
      return false;
    }
    const { pending, drained } = opened.task;
    const sinceMs = performance.now() - this.#lastCommitMs;
    const waitMs = commitWaitMs({ ...pending, drained, sinceMs }, this.#parts.limits);
    if (waitMs === 0) {
      this.#beginCommit();
      return false;
    }
    if (waitMs !== null && !more) this.#wakeIn(waitMs);
    return more;
  }

  /** True when there is more to do at once. */
  #work({ task }: OpenedTask): boolean {
    const { commitRecords, commitBytes, sliceMs } = this.#parts.limits;
    const startedMs = performance.now();
    let handled: number;
    do {
      handled = task.work(workRecords);
      const { records, bytes } = task.pending;
      if (records >= commitRecords || bytes >= commitBytes) break;
    } while (handled > 0 && performance.now() - startedMs < sliceMs);
    this.inputs.makeRoom();
    const seconds = (performance.now() - startedMs) / 1000;
    this.#parts.metrics.processSeconds.inc({ ...this.#label, partition: String(this.partition) }, seconds);
    return handled > 0;
  }

  #wakeIn(ms: number): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#schedule();
    }, Math.ceil(ms));
  }

  #workFailed(error: unknown): void {
    if (!isRetryable(error)) return this.#fail(error);
    this.#lastError = messageOf(error);
    this.#parts.logger.warn({ partition: this.partition, err: error }, 'record waits and is tried again');
    this.#wakeIn(1000);
  }

  #beginCommit(): void {
    this.#committing ??= this.#commit().finally(() => {
      this.#committing = null;
      this.#schedule();
    });
  }

  async #commit(): Promise<void> {
    const opened = this.#opened;
    if (opened === null) return;
    const { task, producer } = opened;
    const startedMs = performance.now();
    this.#lastCommitMs = startedMs;
    const positions = task.positions();
    let cut: Cut | null;
    try {
      cut = task.cut(this.#parts.clock());
    } catch (error) {
      return this.#fail(error);
    }
    if (cut === null) return;
    this.#enter('committing');
    let ends: ReadonlyMap<string, number>;
    try {
      ends = await producer.commit(recordsOf(cut));
    } catch (error) {
      return this.#commitFailed(opened, error);
    }
    // Given up meanwhile: the copy may have been opened by somebody else; the log has it all.
    if (this.#opened !== opened) return;
    try {
      task.applied(cut, ends);
    } catch (error) {
      this.#parts.logger.error({ partition: this.partition, err: error }, 'local copy is not ours any more');
      return this.#lose(opened);
    }
    this.inputs.committed(positions);
    this.#enter('running');
    this.#parts.metrics.commitSeconds.observe(this.#label, (performance.now() - startedMs) / 1000);
    this.#parts.metrics.transactionRecords.observe(this.#label, cut.records);
  }

  async #commitFailed(opened: OpenedTask, error: unknown): Promise<void> {
    if (this.#opened !== opened) return;
    this.#parts.metrics.aborts.inc({ ...this.#label, reason: reasonOf(error) });
    this.#lastError = messageOf(error);
    const { partition } = this;
    if (isFenced(error)) {
      this.#parts.metrics.fenced.inc(this.#label);
      this.#parts.logger.warn({ partition, err: error }, 'task was fenced by its successor');
      return this.#lose(opened);
    }
    if (!isRetryable(error)) return this.#fail(error);
    this.#parts.logger.warn(
      { partition, err: error },
      'outcome of a commit is unknown; the task is opened anew',
    );
    this.#enter('opening');
    await this.#discard(opened);
    if (!this.#ending.signal.aborted) this.#opening = this.#reopen();
  }

  /** Only whoever still is in the group may fence; opening learns whether the commit went through. */
  async #reopen(): Promise<void> {
    const { signal } = this.#ending;
    for (let attempt = 1; !signal.aborted; attempt++) {
      const sound = await this.#parts.group.confirm(this.generation).catch(() => false);
      if (signal.aborted) return;
      if (sound) return this.#openUntilDone();
      await pause(backoffMs(attempt), signal);
    }
  }

  async #lose(opened: OpenedTask): Promise<void> {
    this.#enter('lost');
    await this.#discard(opened);
    if (!this.#ending.signal.aborted) this.#parts.onLost(this);
  }

  /** Drops everything that is not committed; the producer is never used again. */
  async #discard({ producer, state }: OpenedTask): Promise<void> {
    this.#opened = null;
    this.inputs.end();
    await producer.close().catch(() => undefined);
    await state.close();
  }

  #fail(error: unknown): void {
    if (this.#ending.signal.aborted) return;
    if (isFenced(error)) {
      this.#parts.metrics.fenced.inc(this.#label);
      this.#enter('lost');
      this.#parts.onLost(this);
      return;
    }
    this.#lastError = messageOf(error);
    this.#enter('lost');
    this.#parts.onFatal(error);
  }

  /**
   * Gives the task up. `gracefully`: what is worked is committed first, within `budgetMs`; a commit that takes longer
   * is left to the successor, which fences it.
   */
  async close(gracefully: boolean, budgetMs: number): Promise<void> {
    this.#ending.abort();
    this.#parts.scheduler.remove(this);
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (gracefully && this.#opened !== null) await within(this.#finish(), budgetMs);
    const opened = this.#opened;
    if (opened !== null) {
      if (gracefully && this.#phase === 'running') this.#touch(opened);
      await this.#discard(opened);
    }
    this.#enter('closed');
    // An opening that is under way closes what it opened when it sees the signal.
    await this.#opening;
  }

  async #finish(): Promise<void> {
    await this.#committing;
    if (this.#phase !== 'running' || this.#opened?.task.pending.changed !== true) return;
    await this.#commit();
  }

  /** A copy that stood still with its log does not age: it is at the end now. */
  #touch({ state }: OpenedTask): void {
    const { mark } = state;
    if (mark === null) return;
    const stamped = { ...mark, sequence: mark.sequence + 1, atEndMs: this.#parts.clock() };
    try {
      state.apply({ from: mark.sequence, mark: stamped, keyed: [], windows: [] });
    } catch (error) {
      this.#parts.logger.warn({ partition: this.partition, err: error }, 'local copy was not ours any more');
    }
  }

  inputLag(): ReadonlyMap<string, number> {
    return this.inputs.lag();
  }

  stats() {
    return this.#opened?.task.stats() ?? new Map();
  }

  /** Committed positions, for lag tools. */
  settled(): ReadonlyMap<string, number> {
    return this.inputs.settled(this.#phase === 'running');
  }

  /** Lets the stream time of a topology follow the clock, unless the task is busy with something else. */
  idle(topology: string, nowMs: number): void {
    if (this.#phase !== 'running' || this.#ending.signal.aborted) return;
    this.#opened?.task.idleUntil(topology, nowMs);
    this.#schedule();
  }

  stateSize() {
    return this.#opened?.state.size() ?? { bytes: 0, entries: 0 };
  }
}

function recordsOf({ outputs, changelogs, position }: Cut): OutRecord[] {
  return [...outputs, ...changelogs, position];
}

function* valuesOf({ records }: LogBatch): Generator<Buffer | null> {
  for (const { value } of records) yield value;
}

async function within(work: Promise<void>, budgetMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, budgetMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
