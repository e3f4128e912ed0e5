import { messageOf, StreamsError } from '../errors.ts';
import type { LogBatch, LogReader, Place, TaskGroup } from '../log-port.ts';
import { memoryStates, openStateDirectory, type StateDirectory } from '../store/state-directory.ts';
import { inputTopics, positionTopic, storeLayouts } from '../topology/names.ts';
import { faultOfInputs } from './check-inputs.ts';
import { patiently, pause, within } from './failures.ts';
import { GlobalTable } from './global-tables.ts';
import { IdleWatch } from './idle-watch.ts';
import { createEngineMetrics, type EngineMetrics } from './metrics.ts';
import {
  defaultLimits,
  type Engine,
  type EngineLimits,
  type EngineOptions,
  type Readiness,
  type TaskView,
} from './options.ts';
import type { RunnerParts } from './runner-parts.ts';
import { Scheduler } from './scheduler.ts';
import { checkTopics } from './start-checks.ts';
import { TaskRunner } from './task-runner.ts';

/** A task that has stood in one phase other than running for this long makes the process unready. */
const stalledMs = 30_000;
/** What the start waits for is told at once, then no more often than this. */
const sayEveryMs = 10_000;

/** Runs an application in this process; more processes with the same application share its tasks. */
export function createEngine(options: EngineOptions): Engine {
  return new ApplicationEngine(options);
}

class ApplicationEngine implements Engine {
  readonly #options: EngineOptions;
  readonly #limits: EngineLimits;
  readonly #clock: () => number;
  readonly #metrics: EngineMetrics;
  readonly #scheduler = new Scheduler();
  readonly #runners = new Map<number, TaskRunner>();
  readonly #globals = new Map<string, GlobalTable>();
  readonly #recorded = new Map<string, number>();
  readonly #ending = new AbortController();
  readonly #ended = new Promise<undefined>((resolve) => {
    this.#ending.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  #reader: LogReader | null = null;
  #states: StateDirectory | null = null;
  #group: TaskGroup | null = null;
  #idle: IdleWatch | null = null;
  #generation = -1;
  #closing: Promise<unknown> = Promise.resolve();
  #ticking: NodeJS.Timeout | null = null;
  #phase = 'not started';
  #assigned = false;
  #failed = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#clock = options.clock ?? Date.now;
    const watched = { application: options.application.name, tasks: () => this.#runners.values() };
    this.#metrics = createEngineMetrics(options.metrics, watched, this.#clock);
  }

  async start(): Promise<void> {
    const { application, log, partitions } = this.#options;
    const { globals } = await this.#persist('checking topics', () =>
      checkTopics(log, application, partitions, this.#limits.deleteRetentionMs),
    );
    this.#states = await this.#openStates();
    const reader = log.createReader();
    this.#reader = reader;
    await this.#persist('connecting', () =>
      reader.bounds([{ topic: positionTopic(application.name), partition: 0 }]),
    );
    for (const [topic, count] of globals) {
      const table = await this.#persist(`reading ${topic}`, () => this.#openGlobal(topic, count));
      this.#globals.set(topic, table);
    }
    this.#idle = new IdleWatch({
      ...this.#options,
      reader,
      clock: this.#clock,
      upstream: this.#options.upstream ?? (() => []),
    });
    const group = this.#createGroup();
    this.#group = group;
    await this.#persist('joining the group', () => group.start().then(() => group));
    this.#phase = '';
    this.#ticking = setInterval(() => void this.#tick(), this.#limits.tickMs);
  }

  /** Tries until it works, a failure does not pass, or the engine is stopped: then it waits for no call under way. */
  async #persist<T extends object>(what: string, work: () => Promise<T>): Promise<T> {
    this.#phase = what;
    let saidMs = Number.NEGATIVE_INFINITY;
    const trying = patiently(work, this.#ending.signal, (error, attempt) => {
      const reason = messageOf(error);
      this.#phase = `${what}: ${reason}`;
      if (performance.now() - saidMs < sayEveryMs) return;
      saidMs = performance.now();
      this.#options.logger.warn({ what, attempt, reason: reason.slice(0, 200) }, 'not possible yet');
    });
    const result = await Promise.race([trying, this.#ended]);
    if (this.#ending.signal.aborted || result === undefined) throw stopped();
    return result;
  }

  async #openStates(): Promise<StateDirectory> {
    const { application, stateDirectory: directory, instance, logger } = this.#options;
    if (typeof directory !== 'string') return directory;
    if (directory === 'memory') return memoryStates();
    const states = await openStateDirectory({ directory, application, instance });
    if (this.#ending.signal.aborted) {
      await states.close();
      throw stopped();
    }
    if (states.distrusted)
      logger.error({ directory }, 'local copies may be torn and are rebuilt from the log');
    return states;
  }

  async #openGlobal(topic: string, partitions: number): Promise<GlobalTable> {
    const { log, logger } = this.#options;
    const state = this.#openedStates().openGlobal(topic);
    const table = new GlobalTable({
      topic,
      partitions,
      reader: log.createReader(),
      state,
      clock: this.#clock,
      deleteRetentionMs: this.#limits.deleteRetentionMs,
      prepare: (values) => this.#prepare(values),
      logger,
    });
    try {
      await table.start();
      if (this.#ending.signal.aborted) throw stopped();
    } catch (error) {
      await table.stop();
      throw error;
    }
    return table;
  }

  #prepare(values: Iterable<Buffer | null>): Promise<void> | null {
    return this.#options.prepare?.(values) ?? null;
  }

  #openedStates(): StateDirectory {
    if (this.#states === null) throw stopped();
    return this.#states;
  }

  #createGroup(): TaskGroup {
    const { application, log, instance } = this.#options;
    return log.createGroup({
      groupId: application.name,
      instance,
      topics: inputTopics(application),
      warmTasks: () => [...new Set([...this.#runners.keys(), ...(this.#states?.warm() ?? [])])],
      sessionTimeoutMs: this.#limits.sessionTimeoutMs,
      onAssigned: (generation, partitions) => this.#onAssigned(generation, partitions),
      onRevoked: (reason) => this.#onRevoked(reason),
      onBatch: (batch) => this.#onBatch(batch),
      onFatal: (error) => void this.#onGroupFatal(error),
    });
  }

  async #onAssigned(generation: number, partitions: readonly number[]): Promise<void> {
    if (this.#ending.signal.aborted || this.#failed) return;
    this.#generation = generation;
    this.#assigned = true;
    this.#metrics.rebalances.inc({ application: this.#options.application.name });
    this.#options.logger.info({ generation, partitions }, 'tasks assigned');
    const parts = this.#runnerParts();
    for (const partition of partitions) {
      const runner = new TaskRunner(partition, generation, parts);
      this.#runners.set(partition, runner);
    }
    // Copies of the last generation are closed before they are opened again.
    const opening = [...this.#runners.values()];
    void this.#closing.then(() => {
      for (const runner of opening) runner.start();
    });
  }

  #runnerParts(): RunnerParts {
    const { reader, group } = this.#connected();
    return {
      ...this.#options,
      reader,
      group,
      layouts: storeLayouts(this.#options.application),
      openState: (partition) => this.#openedStates().open(partition),
      globals: this.#globals,
      limits: this.#limits,
      clock: this.#clock,
      scheduler: this.#scheduler,
      metrics: this.#metrics,
      prepare: (values) => this.#prepare(values),
      onLost: (runner) => void this.#onLost(runner),
      onFatal: (error) => this.#fatal(error),
    };
  }

  #connected(): { reader: LogReader; group: TaskGroup } {
    if (this.#reader === null || this.#group === null) throw stopped();
    return { reader: this.#reader, group: this.#group };
  }

  async #onRevoked(reason: 'rebalance' | 'lost' | 'stop'): Promise<void> {
    this.#assigned = false;
    const leaving = [...this.#runners.values()];
    this.#runners.clear();
    const gracefully = reason !== 'lost';
    const closing = Promise.all(leaving.map((runner) => runner.close(gracefully, this.#limits.revokeMs)));
    // What hangs in a call is waited for by whoever opens the task next, however often the group changes, not by it.
    this.#closing = Promise.all([this.#closing, closing]);
    await within(closing, this.#limits.revokeMs + 500);
    const positions = leaving.flatMap(({ inputs, partition }) =>
      [...inputs.settled(false)].map(([topic, offset]) => ({ topic, partition, offset })),
    );
    if (gracefully) await this.#record(positions);
    this.#recorded.clear();
  }

  async #onBatch(batch: LogBatch): Promise<void> {
    const runner = this.#runners.get(batch.partition);
    if (runner?.generation === batch.generation) await runner.receive(batch);
  }

  /** While the membership looks sound, nobody tells us to give the others up: a new round sorts it out. */
  async #onLost(runner: Parameters<RunnerParts['onLost']>[0]): Promise<void> {
    if (this.#runners.get(runner.partition) !== runner) return;
    const sound = await this.#group?.confirm(runner.generation).catch(() => false);
    if (sound !== true || this.#runners.get(runner.partition) !== runner) return;
    this.#options.logger.warn({ partition: runner.partition }, 'task lost, joining the group again');
    this.#group?.rejoin();
  }

  /** A fetch that fails for good most often fails for where it reads: then the place and the remedy are said. */
  async #onGroupFatal(error: unknown): Promise<void> {
    const { name } = this.#options.application;
    const reader = this.#reader;
    const looking = [...this.#runners.values()].map(async ({ partition, inputs }) =>
      reader === null ? null : await faultOfInputs(reader, name, partition, inputs.expectedOffsets()),
    );
    const limit = pause(2000, this.#ending.signal).then(() => []);
    const faults = await Promise.race([Promise.all(looking), limit]).catch(() => []);
    this.#fatal(faults.find((fault) => fault !== null) ?? error);
  }

  async #tick(): Promise<void> {
    const changed = [...this.#runners.values()].flatMap((runner) =>
      [...runner.settled()]
        .filter(([topic, offset]) => this.#recorded.get(`${topic}/${runner.partition}`) !== offset)
        .map(([topic, offset]) => ({ topic, partition: runner.partition, offset })),
    );
    await this.#record(changed);
    await this.#idle?.look(() => this.#runners.values());
  }

  /** Only for lag tools: nothing of ours depends on it, so it may fail. */
  async #record(positions: readonly (Place & { offset: number })[]): Promise<void> {
    if (positions.length === 0) return;
    try {
      await this.#group?.record(this.#generation, positions);
      for (const { topic, partition, offset } of positions)
        this.#recorded.set(`${topic}/${partition}`, offset);
    } catch (error) {
      this.#options.logger.debug({ reason: messageOf(error) }, 'positions were not recorded');
    }
  }

  #fatal(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    const { logger, application } = this.#options;
    logger.error(
      { err: error, application: application.name },
      'the application cannot go on and is stopped',
    );
    this.#phase = `stopped: ${messageOf(error)}`;
    void this.#close('lost').finally(() => this.#options.onFatal(error));
  }

  async stop(): Promise<void> {
    if (this.#failed) return;
    this.#phase = 'stopping';
    await this.#close('stop');
  }

  async #close(reason: 'lost' | 'stop'): Promise<void> {
    this.#ending.abort();
    if (this.#ticking !== null) clearInterval(this.#ticking);
    if (reason === 'lost') await this.#onRevoked('lost');
    await this.#group?.stop().catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, 'leaving the group failed');
    });
    // A member that the group had given up before was not asked to give its tasks up.
    if (this.#runners.size > 0) await this.#onRevoked('lost');
    await this.#closing;
    await Promise.all([...this.#globals.values()].map((table) => table.stop()));
    await this.#states?.close();
    await this.#reader?.close();
  }

  readiness(): Readiness {
    const reasons: string[] = [];
    if (this.#phase !== '') reasons.push(this.#phase);
    else if (!this.#assigned) reasons.push('no tasks are assigned yet');
    for (const { partition, phase, sinceMs, lastError, waitingSinceMs } of this.tasks()) {
      const fromMs = phase === 'running' ? (waitingSinceMs ?? Number.POSITIVE_INFINITY) : sinceMs;
      const longMs = this.#clock() - fromMs;
      if (longMs < stalledMs) continue;
      const what = phase === 'running' ? 'waiting' : phase;
      const why = lastError === null ? '' : `: ${lastError}`;
      reasons.push(`task ${partition} has been ${what} for ${Math.round(longMs / 1000)} s${why}`);
    }
    return { ready: reasons.length === 0, reasons };
  }

  tasks(): readonly TaskView[] {
    return [...this.#runners.values()].map((runner) => runner.status.view);
  }
}

function stopped(): StreamsError {
  return new StreamsError('ZT-STREAMS-STOPPED', 'the engine is not running');
}
