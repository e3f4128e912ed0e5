import type { LogBatch, Place } from '../log-port.ts';
import type { TaskObserver } from '../task/types.ts';
import { commitWaitMs } from './commit-policy.ts';
import { commitTask } from './commit-task.ts';
import {
  abortReasonOf,
  backoffMs,
  isFenced,
  isRetryable,
  isWorthSaying,
  patiently,
  pause,
  within,
} from './failures.ts';
import { InputProgress } from './input-progress.ts';
import type { WatchedTask } from './metrics.ts';
import { closeTask, type OpenedTask, openTask } from './open-task.ts';
import type { TaskPhase } from './options.ts';
import { prepareBatch } from './prepare-batch.ts';
import type { RunnerParts } from './runner-parts.ts';
import type { Workable } from './scheduler.ts';
import { TaskStatus } from './task-status.ts';
import { workSlice } from './work-slice.ts';

/** When a record that waits for the world is tried again, if nothing else moves. */
const retryMs = 1000;

/** The life of one task in one generation: opened, worked in slices, committed, given up. */
export class TaskRunner implements Workable, WatchedTask {
  readonly partition: number;
  readonly generation: number;
  readonly inputs: InputProgress;
  readonly #parts: RunnerParts;
  readonly status: TaskStatus;
  readonly #observer: TaskObserver;
  readonly #ending = new AbortController();
  #opened: OpenedTask | null = null;
  #committing: Promise<void> | null = null;
  #lastCommitMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  /** Attempts in a row at the record in hand. */
  #failures = 0;
  #opening: Promise<void> = Promise.resolve();

  constructor(partition: number, generation: number, parts: RunnerParts) {
    this.partition = partition;
    this.generation = generation;
    this.#parts = parts;
    this.status = new TaskStatus(partition, parts.clock);
    this.#observer = parts.metrics.observer(partition);
    this.inputs = new InputProgress(parts.limits.waitingBytes);
  }

  get phase(): TaskPhase {
    return this.status.phase;
  }

  get restoreRemaining(): number {
    return this.status.restoreRemaining;
  }

  /** Begins to open the task; what goes wrong on the way is tried again, or told to the engine. */
  start(): void {
    this.#opening = this.#openUntilDone();
  }

  async #openUntilDone(): Promise<void> {
    const startedMs = performance.now();
    const { partition, generation } = this;
    const { logger, metrics } = this.#parts;
    const { signal } = this.#ending;
    const observe = this.#observer;
    const onRestore = (remaining: number) => this.status.restoring(remaining);
    this.status.enter('opening');
    try {
      const opened = await patiently(
        () => openTask(this.#parts, { partition, signal, observe, onRestore }),
        signal,
        (error, attempt) => {
          this.status.again();
          const reason = this.status.failed(error);
          if (isWorthSaying(attempt))
            logger.warn({ partition, attempt, reason }, 'task cannot be opened yet');
        },
      );
      if (opened === undefined) return;
      if (this.#ending.signal.aborted) return await closeTask(opened, null);
      this.#go(opened);
      const seconds = (performance.now() - startedMs) / 1000;
      metrics.restoreSeconds.observe(this.#label, seconds);
      const positions = Object.fromEntries(opened.task.positions());
      logger.info({ partition, generation, seconds, positions }, 'task opened');
    } catch (error) {
      this.#fail(error);
    }
  }

  #go(opened: OpenedTask): void {
    const { task } = opened;
    this.#opened = opened;
    this.status.running();
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
    if (this.phase === 'running' && !this.#ending.signal.aborted) this.#parts.scheduler.schedule(this);
  }

  /** Resolves when the next batch of the input may come: at once, or when enough of it is worked. */
  async receive(batch: LogBatch): Promise<void> {
    await this.#prepared(batch);
    const opened = this.#opened;
    if (opened === null || this.#ending.signal.aborted) return;
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

  async #prepared(batch: LogBatch): Promise<void> {
    const onFailure = (error: unknown, attempt: number): void => {
      const reason = this.status.failed(error);
      if (!isWorthSaying(attempt)) return;
      this.#parts.logger.warn({ ...this.#place(batch.topic), attempt, reason }, 'batch waits');
    };
    try {
      await prepareBatch(batch, this.#parts.prepare, this.#ending.signal, onFailure);
      if (this.#failures === 0) this.status.moved();
    } catch (error) {
      this.#fail(error);
    }
  }

  runSlice(): boolean {
    const opened = this.#opened;
    if (opened === null || this.phase !== 'running' || this.#ending.signal.aborted) return false;
    let more = false;
    try {
      more = this.#work(opened);
      if (this.#failures > 0) this.status.moved();
      this.#failures = 0;
    } catch (error) {
      if (!isRetryable(error)) {
        this.#fail(error);
        return false;
      }
      // The record stands as if nobody had seen it; what was worked before it need not wait with it.
      this.#recordWaits(error);
    }
    const { pending, drained } = opened.task;
    const sinceMs = performance.now() - this.#lastCommitMs;
    const waitMs = commitWaitMs({ ...pending, drained, sinceMs }, this.#parts.limits);
    if (waitMs === 0) {
      this.#beginCommit();
      return false;
    }
    if (waitMs !== null && !more) this.#wakeIn(waitMs);
    else if (this.#failures > 0) this.#wakeIn(retryMs);
    return more;
  }

  /** True when there is more to do at once. */
  #work({ task }: OpenedTask): boolean {
    const startedMs = performance.now();
    try {
      return workSlice(task, this.#parts.limits);
    } finally {
      this.inputs.makeRoom();
      const seconds = (performance.now() - startedMs) / 1000;
      this.#parts.metrics.processSeconds.inc({ ...this.#label, partition: String(this.partition) }, seconds);
    }
  }

  #wakeIn(ms: number): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#schedule();
    }, Math.ceil(ms));
  }

  #recordWaits(error: unknown): void {
    this.#failures += 1;
    const reason = this.status.failed(error);
    if (!isWorthSaying(this.#failures)) return;
    const { partition } = this;
    this.#parts.logger.warn(
      { partition, attempt: this.#failures, reason },
      'record waits and is tried again',
    );
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
    const startedMs = performance.now();
    this.#lastCommitMs = startedMs;
    this.status.enter('committing');
    const outcome = await commitTask(opened, this.#parts.clock(), () => this.#opened === opened);
    switch (outcome.kind) {
      case 'committed':
        this.inputs.committed(outcome.positions);
        this.#parts.metrics.commitSeconds.observe(this.#label, (performance.now() - startedMs) / 1000);
        this.#parts.metrics.transactionRecords.observe(this.#label, outcome.records);
        return this.status.enter('running');
      case 'nothing':
        return this.status.enter('running');
      case 'failed':
        return this.#commitFailed(opened, outcome.error);
      case 'not-applied':
        if (!isRetryable(outcome.error)) return this.#fail(outcome.error);
        this.#parts.logger.error(
          { partition: this.partition, err: outcome.error },
          'the local copy did not take a commit',
        );
        return this.#lose(opened);
      case 'given-up':
    }
  }

  async #commitFailed(opened: OpenedTask, error: unknown): Promise<void> {
    const { logger, metrics } = this.#parts;
    metrics.aborts.inc({ ...this.#label, reason: abortReasonOf(error) });
    this.status.failed(error);
    const { partition } = this;
    if (isFenced(error)) {
      metrics.fenced.inc(this.#label);
      logger.warn({ partition, err: error }, 'task was fenced by its successor');
      return this.#lose(opened);
    }
    if (!isRetryable(error)) return this.#fail(error);
    logger.warn({ partition, err: error }, 'outcome of a commit is unknown; the task is opened anew');
    this.status.enter('opening');
    await this.#discard(opened);
    if (!this.#ending.signal.aborted) this.#opening = this.#reopen();
  }

  /** Only a present member may fence; opening learns whether the commit went through. */
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
    this.status.enter('lost');
    await this.#discard(opened);
    if (!this.#ending.signal.aborted) this.#parts.onLost(this);
  }

  async #discard(opened: OpenedTask, restingMs: number | null = null): Promise<void> {
    this.#opened = null;
    this.inputs.end();
    try {
      await closeTask(opened, restingMs);
    } catch (error) {
      this.#parts.logger.warn({ partition: this.partition, err: error }, 'local copy could not be closed');
    }
  }

  #fail(error: unknown): void {
    if (this.#ending.signal.aborted) return;
    if (isFenced(error)) {
      this.#parts.metrics.fenced.inc(this.#label);
      this.status.enter('lost');
      this.#parts.onLost(this);
      return;
    }
    this.status.failed(error);
    this.status.enter('lost');
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
      const resting = gracefully && this.phase === 'running';
      await this.#discard(opened, resting ? this.#parts.clock() : null);
    }
    this.status.enter('closed');
    // An opening that is under way closes what it opened when it sees the signal.
    await this.#opening;
  }

  async #finish(): Promise<void> {
    await this.#committing;
    if (this.phase !== 'running' || this.#opened?.task.pending.changed !== true) return;
    await this.#commit();
  }

  inputLag(): ReadonlyMap<string, number> {
    return this.inputs.lag();
  }

  stats() {
    return this.#opened?.task.stats() ?? new Map();
  }

  /** Committed positions, for lag tools. */
  settled(): ReadonlyMap<string, number> {
    return this.inputs.settled(this.phase === 'running');
  }

  /** Lets the stream time of a topology follow the clock, unless the task is busy with something else. */
  idle(topology: string, nowMs: number): void {
    if (this.phase !== 'running' || this.#ending.signal.aborted) return;
    this.#opened?.task.idleUntil(topology, nowMs);
    this.#schedule();
  }

  stateSize() {
    return this.#opened?.state.size() ?? { bytes: 0, entries: 0 };
  }
}
