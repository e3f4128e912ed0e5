import { StreamsError } from '../errors.ts';
import type { LogPage } from '../log-port.ts';
import { CutMaker } from './cut-maker.ts';
import { Effects } from './effects.ts';
import { Handling } from './handling.ts';
import type { InputQueue } from './input-queue.ts';
import type { TaskOptions } from './options.ts';
import { PoisonRate } from './poison-rate.ts';
import { requireShapes } from './position.ts';
import { type ChoiceGroup, choiceGroups, openInputs, type Route, type RoutedInput } from './routes.ts';
import { TopologyRun } from './topology-run.ts';
import type { Cut, Task, TopologyStats } from './types.ts';

const MAX_RECORD_BYTES = 1_000_000;
/** How many records are taken of one input before the next has its turn. */
const TURN = 128;
/**
 * Opens a task where its position stands. The local state must stand at the position's commit.
 *
 * @throws StreamsError (fatal) when the stored state cannot be that of these topologies.
 */
export function createTask(options: TaskOptions): Task {
  requireShapes(options.position, options.application);
  return new CoreTask(options);
}

class CoreTask implements Task {
  readonly partition: number;
  readonly topologies: Task['topologies'];
  readonly #options: TaskOptions;
  readonly #effects: Effects;
  readonly #runs: readonly TopologyRun[];
  readonly #inputs: readonly RoutedInput[];
  readonly #byTopic: ReadonlyMap<string, InputQueue>;
  readonly #groups: readonly ChoiceGroup[];
  readonly #poisonRate: PoisonRate;
  readonly #cuts: CutMaker;
  readonly #handling: Handling;
  #turn = 0;
  /** Since the last cut. */
  #records = 0;
  #changed: boolean;
  #cut: Cut | null = null;

  constructor(options: TaskOptions) {
    const { application, partition, position } = options;
    this.partition = partition;
    this.#options = options;
    this.#effects = new Effects(options.maxRecordBytes ?? MAX_RECORD_BYTES);
    this.#runs = application.topologies.map((each) => new TopologyRun(each, options, this.#effects));
    this.#handling = new Handling(options, this.#effects);
    this.#inputs = openInputs(options, this.#runs);
    this.#byTopic = new Map(this.#inputs.map(({ queue }) => [queue.topic, queue]));
    this.#groups = choiceGroups(this.#inputs);
    this.#poisonRate = new PoisonRate(options.poisonShare);
    this.#cuts = new CutMaker(options, this.#runs, this.#inputs, this.#effects);
    const names = application.topologies.map((each) => each.name);
    const known = Object.keys(position?.shapes ?? {});
    this.topologies = {
      added: names.filter((name) => !known.includes(name)),
      removed: known.filter((name) => !names.includes(name)),
    };
    // Where a new topology begins must be in the log before the log has moved on.
    this.#changed = this.#cuts.isNewShape;
  }

  receive(topic: string, page: LogPage & { readonly highWatermark: number }): void {
    const queue = this.#byTopic.get(topic);
    if (queue === undefined) throw new StreamsError('ZT-STREAMS-INPUT', `"${topic}" is no input of the task`);
    queue.receive(page);
  }

  waitingBytes(topic?: string): number {
    if (topic !== undefined) return this.#byTopic.get(topic)?.waitingBytes ?? 0;
    return this.#inputs.reduce((sum, { queue }) => sum + queue.waitingBytes, 0);
  }

  get pending() {
    return { bytes: this.#effects.bytes, records: this.#records, changed: this.#changed };
  }

  work(limit: number): number {
    if (this.#cut !== null) return 0;
    let handled = 0;
    try {
      while (handled < limit) {
        const some = this.#fireOne() ? 1 : this.#takeTurn(Math.min(limit - handled, TURN));
        if (some === 0) break;
        handled += some;
      }
    } finally {
      this.#tellWorked();
    }
    return handled;
  }

  cut(nowMs: number): Cut | null {
    if (this.#cut !== null) throw new StreamsError('ZT-STREAMS-CUT', 'the last cut is not applied yet');
    if (!this.#changed) return null;
    this.#poisonRate.count(nowMs, this.#records, this.#handling.poison);
    this.#cut = this.#cuts.make(nowMs, this.#records);
    return this.#cut;
  }

  applied(cut: Cut, ends: ReadonlyMap<string, number>): void {
    if (cut !== this.#cut) throw new StreamsError('ZT-STREAMS-CUT', 'this is not the cut in hand');
    this.#cuts.apply(cut, ends);
    this.#cut = null;
    this.#changed = false;
    this.#records = 0;
    this.#handling.poison = 0;
  }

  positions(): ReadonlyMap<string, number> {
    return new Map(this.#inputs.map(({ queue }) => [queue.topic, queue.position]));
  }

  get drained(): boolean {
    return (
      this.#inputs.every(({ queue }) => queue.isEmpty && queue.isAtEnd) &&
      !this.#runs.some((run) => run.hasDueTimers)
    );
  }

  idleUntil(topology: string, nowMs: number): void {
    this.#runs.find(({ name }) => name === topology)?.followClock(nowMs);
  }

  stats(): ReadonlyMap<string, TopologyStats> {
    return new Map(
      this.#runs.map(({ name, streamTimeMs, ingestTimeMs, timers }) => [
        name,
        { streamTimeMs, ingestTimeMs, timersPending: timers?.pending ?? 0 },
      ]),
    );
  }

  /** Takes up to `limit` records of one group of inputs; 0 when none can be taken of any. */
  #takeTurn(limit: number): number {
    for (let tried = 0; tried < this.#groups.length; tried += 1) {
      const group = this.#groups[this.#turn];
      this.#turn = this.#turn + 1 === this.#groups.length ? 0 : this.#turn + 1;
      const taken = group === undefined ? 0 : this.#takeFrom(group, limit);
      if (taken > 0) return taken;
    }
    return 0;
  }

  #takeFrom(group: ChoiceGroup, limit: number): number {
    const [only] = group.inputs;
    let taken = 0;
    while (taken < limit) {
      const input =
        group.inputs.length === 1 ? (only?.queue.load() ? only : undefined) : earliest(group.inputs);
      if (input === undefined) break;
      this.#handling.handle(input);
      this.#worked();
      taken += 1;
      if (this.#isTimerDue(input.routes)) break;
    }
    return taken;
  }

  /** At once, for the next record may throw, and what was worked before it must be committed all the same. */
  #worked(): void {
    this.#records += 1;
    this.#changed = true;
  }

  #isTimerDue(routes: readonly Route[]): boolean {
    for (const { run } of routes) if (run.hasDueTimers) return true;
    return false;
  }

  #fireOne(): boolean {
    for (const run of this.#runs) {
      const timer = run.timers?.due(run.streamTimeMs);
      if (!timer || run.timers === null) continue;
      this.#handling.fire(run, run.timers, timer);
      this.#worked();
      return true;
    }
    return false;
  }

  #tellWorked(): void {
    for (const run of this.#runs) {
      if (run.worked > 0) this.#options.observe?.processed(run.name, run.worked);
      run.worked = 0;
    }
  }
}

/** The input whose head happened first; none while an input may still bring an earlier one. */
function earliest(inputs: readonly RoutedInput[]): RoutedInput | undefined {
  let first: RoutedInput | undefined;
  for (const input of inputs) {
    if (!input.queue.loadTimed()) {
      if (!input.queue.isAtEnd) return undefined;
      continue;
    }
    if (first === undefined || input.queue.headTimeMs < first.queue.headTimeMs) first = input;
  }
  return first;
}
