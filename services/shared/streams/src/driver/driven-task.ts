import { StreamsError } from '../errors.ts';
import type { OutRecord } from '../log-port.ts';
import type { LocalState } from '../store/local-state.ts';
import { createMemoryState } from '../store/memory-state.ts';
import { createTask } from '../task/create-task.ts';
import { parsePosition } from '../task/position.ts';
import type { Cut, GlobalView, LateLetter, Letter, Task } from '../task/types.ts';
import { inputTopics, positionTopic, type StoreLayout, storeLayouts } from '../topology/names.ts';
import type { Application } from '../topology/types.ts';
import { type DriverLog, type OpenTransaction, partitionOf } from './driver-log.ts';
import { restoreNow } from './restore-now.ts';
import type { Fault, FaultStep, Schedule } from './schedule.ts';

/**
 * A guarantee that is left out on purpose, to see that a proof would notice: the local state before the commit,
 * changelogs or the position not in the transaction, a zombie that is not refused, a restore that is skipped.
 */
export type Flaw =
  | 'apply-before-commit'
  | 'changelog-outside'
  | 'position-outside'
  | 'unfenced'
  | 'restore-skipped';

export interface DrivenTaskParts {
  readonly application: Application;
  readonly partitions: number;
  readonly log: DriverLog;
  readonly schedule: Schedule;
  readonly flaw: Flaw | undefined;
  readonly globals: (topic: string) => GlobalView;
  readonly deadLetter: (letter: Letter) => OutRecord;
  readonly late: (letter: LateLetter) => OutRecord;
  readonly clock: () => number;
}

/** The task with all that its owner holds; the next owner has another. */
interface Owner {
  readonly task: Task;
  readonly state: LocalState;
  readonly epoch: number;
  /** By input: where the next page begins, and the end that the task was told. */
  readonly fetched: Map<string, { offset: number; end: number }>;
}

const INSTANCES = 2;

/** One partition's task as a sequence of owners, each of which may die at any step of a commit. */
export class DrivenTask {
  readonly partition: number;
  readonly #parts: DrivenTaskParts;
  readonly #id: string;
  readonly #layouts: readonly StoreLayout[];
  readonly #states: LocalState[] = Array.from({ length: INSTANCES }, createMemoryState);
  #instance = 0;
  #owner: Owner | null = null;
  /** When something last came that had not been there before. */
  busyMs = 0;
  readonly #seen = new Map<string, number>();

  constructor(partition: number, parts: DrivenTaskParts) {
    this.partition = partition;
    this.#parts = parts;
    this.#id = `${parts.application.name}.${partition}`;
    this.#layouts = storeLayouts(parts.application);
  }

  /** What the present owner has committed and applied. */
  get state(): LocalState {
    return this.#open().state;
  }

  get task(): Task {
    return this.#open().task;
  }

  /** Fetches, works, commits, once; false when there was nothing to do. */
  step(): boolean {
    const owner = this.#open();
    const limit = this.#parts.schedule.commitRecords();
    for (;;) {
      const fetched = this.#fetch(owner);
      const handled = owner.task.work(Math.max(1, limit - owner.task.pending.records));
      if (owner.task.pending.records >= limit || (!fetched && handled === 0)) break;
    }
    if (!owner.task.pending.changed) return false;
    if (this.#dies('before-cut')) return true;
    return this.#commit(owner);
  }

  #open(): Owner {
    this.#owner ??= this.#takeOver();
    return this.#owner;
  }

  /** Fence, then position and ends, then restore: nothing else is safe. Dies and begins again where the schedule says. */
  #takeOver(): Owner {
    const { application, log, schedule, flaw, clock } = this.#parts;
    for (;;) {
      const epoch = log.fence(this.#id);
      const [last] = log
        .partition({ topic: positionTopic(application.name), partition: this.partition })
        .committed()
        .slice(-1);
      const position = last?.value == null ? null : parsePosition(last.value);
      const state = this.#states[this.#instance] ?? createMemoryState();
      const isRestored = restoreNow({
        ...{ log, state, partition: this.partition, nowMs: clock(), pageBytes: () => schedule.pageBytes() },
        layouts: flaw === 'restore-skipped' ? [] : this.#layouts,
        crashes: () => this.#dies('restoring'),
      });
      if (!isRestored) continue;
      const task = createTask({
        ...this.#parts,
        partition: this.partition,
        partitionOf,
        state,
        position,
        bounds: this.#bounds(),
      });
      const fetched = new Map([...task.positions()].map(([topic, offset]) => [topic, { offset, end: -1 }]));
      return { task, state, epoch, fetched };
    }
  }

  #bounds() {
    const { application, log } = this.#parts;
    return new Map(
      inputTopics(application).map((topic) => {
        const { earliest, stableEnd } = log.partition({ topic, partition: this.partition });
        return [topic, { earliest, end: stableEnd }];
      }),
    );
  }

  #fetch({ task, fetched }: Owner): boolean {
    const { log, schedule } = this.#parts;
    let some = false;
    for (const [topic, at] of fetched) {
      const place = { topic, partition: this.partition };
      const page = log.page(place, at.offset, schedule.pageBytes());
      const { highWatermark } = log.partition(place);
      if (page.nextOffset === at.offset && highWatermark === at.end) continue;
      task.receive(topic, { ...page, highWatermark });
      fetched.set(topic, { offset: page.nextOffset, end: highWatermark });
      some = true;
      this.#noteNew(topic, page.nextOffset);
    }
    return some;
  }

  /** What a new owner reads again makes nobody busy: in a test the clock stands while owners die. */
  #noteNew(topic: string, nextOffset: number): void {
    if (nextOffset <= (this.#seen.get(topic) ?? 0)) return;
    this.#seen.set(topic, nextOffset);
    this.busyMs = this.#parts.clock();
  }

  #commit(owner: Owner): boolean {
    const cut = owner.task.cut(this.#parts.clock());
    if (cut === null) return false;
    if (this.#dies('after-cut')) return true;
    if (this.#sleepsThrough('zombie-before-commit')) {
      this.#wakeBeforeCommit(owner, cut);
      return true;
    }
    if (this.#parts.flaw === 'apply-before-commit') owner.task.applied(cut, this.#guessEnds(cut));
    const open = this.#send(owner, cut);
    if (this.#dies('during-send')) return true;
    const ends = this.#parts.log.commit(open);
    if (this.#dies('after-commit')) return true;
    if (this.#sleepsThrough('zombie-before-apply')) {
      this.#wakeBeforeApply(owner, cut, ends);
      return true;
    }
    if (this.#parts.flaw !== 'apply-before-commit') owner.task.applied(cut, ends);
    if (this.#parts.schedule.compacts()) this.#compact();
    this.#dies('after-apply');
    return true;
  }

  #send({ epoch }: Owner, { outputs, changelogs, position }: Cut): OpenTransaction {
    const { log, flaw } = this.#parts;
    if (flaw === 'changelog-outside') for (const record of changelogs) log.append(record);
    if (flaw === 'position-outside') log.append(position);
    const records = [
      ...outputs,
      ...(flaw === 'changelog-outside' ? [] : changelogs),
      ...(flaw === 'position-outside' ? [] : [position]),
    ];
    return log.send(this.#id, flaw === 'unfenced' ? log.epochOf(this.#id) : epoch, records);
  }

  #guessEnds({ changelogs }: Cut): ReadonlyMap<string, number> {
    const { log } = this.#parts;
    const ends = new Map<string, number>();
    for (const record of changelogs) {
      const name = `${record.topic}/${record.partition}`;
      ends.set(name, (ends.get(name) ?? log.partition(record).highWatermark) + 1);
    }
    return ends;
  }

  /** True when the schedule lets the owner die here; the next one takes over when the task is next looked at. */
  #dies(step: FaultStep): boolean {
    const fault = this.#parts.schedule.fault(step, this.partition);
    if (fault !== null) this.#loseOwner(fault);
    return fault !== null;
  }

  #loseOwner({ losesStore = false, moves = false }: Fault): void {
    if (losesStore) this.#states[this.#instance] = createMemoryState();
    if (moves) this.#instance = (this.#instance + 1) % INSTANCES;
    this.#owner = null;
  }

  /** True when the owner sleeps here, so long that its successor has opened the task and gone on. */
  #sleepsThrough(step: FaultStep): boolean {
    if (!this.#dies(step)) return false;
    this.step();
    return true;
  }

  #wakeBeforeCommit(zombie: Owner, cut: Cut): void {
    const { log, flaw } = this.#parts;
    try {
      const open = this.#send(zombie, cut);
      log.commit(flaw === 'unfenced' ? { ...open, epoch: log.epochOf(this.#id) } : open);
    } catch {
      return;
    }
    if (flaw === undefined) throw overtaken('committed behind its successor');
  }

  #wakeBeforeApply(zombie: Owner, cut: Cut, ends: ReadonlyMap<string, number>): void {
    const { state } = this.#open();
    const before = state.mark?.sequence;
    try {
      zombie.task.applied(cut, ends);
    } catch {
      // Refused, as it should be.
    }
    const isUnchanged = state.mark?.sequence === before;
    if (!isUnchanged && this.#parts.flaw === undefined) throw overtaken('wrote over its successor');
  }

  #compact(): void {
    const { application, log } = this.#parts;
    const topics = [positionTopic(application.name), ...this.#layouts.map(({ changelog }) => changelog)];
    for (const topic of topics) log.partition({ topic, partition: this.partition }).compact();
  }
}

function overtaken(what: string): StreamsError {
  return new StreamsError('ZT-STREAMS-ZOMBIE', `a former owner ${what}`);
}
