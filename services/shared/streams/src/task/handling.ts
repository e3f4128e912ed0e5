import { failureOf, StreamsError } from '../errors.ts';
import type { Effects } from './effects.ts';
import type { HeadRecord, InputQueue } from './input-queue.ts';
import { letterOf, type Reason, reasonOf, timerLetter } from './letters.ts';
import type { TaskOptions } from './options.ts';
import type { Route, RoutedInput } from './routes.ts';
import type { StoredTimer } from './timer-heap.ts';
import type { Timers } from './timers.ts';
import type { TopologyRun } from './topology-run.ts';

/** An event cannot lie this far behind the time at which the log took it in. */
const FUTURE_MS = 3_600_000;
/** A timer that is found due so long after its time tells nobody anything. */
const STALE_MS = 900_000;

/** Hands one record or timer to its topologies, and sees to what becomes of it when that fails. */
export class Handling {
  /** Records and timers that made something throw; set back with each cut. */
  poison = 0;
  readonly #options: TaskOptions;
  readonly #effects: Effects;
  /** In which the record in hand is, for its dead letter. */
  #stage = '';

  constructor(options: TaskOptions, effects: Effects) {
    this.#options = options;
    this.#effects = effects;
  }

  /** @throws when the world is not ready for the record, or the topology is wrong; then nothing has happened. */
  handle({ queue, routes }: RoutedInput): void {
    const { offset } = queue.head;
    let isPoison = false;
    let begun = 0;
    this.#effects.beginRecord(queue.head);
    try {
      for (const route of routes) {
        begun += 1;
        if (offset >= route.from && this.#deliver(route, queue)) isPoison = true;
      }
    } catch (error) {
      // The record stays at the head, as if no topology had seen it.
      this.#effects.undoRecord();
      for (const { run, from } of routes.slice(0, begun)) if (offset >= from) run.resetTime();
      throw error;
    }
    queue.advance();
    if (isPoison) this.poison += 1;
  }

  /** Fires a due timer, or passes it over. @throws as `handle`. */
  fire(run: TopologyRun, timers: Timers, timer: StoredTimer): void {
    this.#effects.beginRecord(null);
    try {
      this.#fire(run, timers, timer);
    } catch (error) {
      // The timer stays, as if it had never been due.
      this.#effects.undoRecord();
      throw error;
    }
  }

  #fire(run: TopologyRun, timers: Timers, timer: StoredTimer): void {
    const definition = timers.definition(timer.name);
    const { observe, deadLetter, partition } = this.#options;
    timers.done(timer);
    if (definition === undefined) {
      observe?.dropped(run.name, 'timer no longer named');
      return;
    }
    if (definition.stale !== 'fire' && timer.dueMs < run.ingestTimeMs - STALE_MS) {
      observe?.suppressed(run.name);
      return;
    }
    this.#effects.beginTopology();
    try {
      run.context.begin(null, `timer/${timer.name}/${timer.key}/${timer.dueMs}`);
      definition.onDue(timer, run.context);
      observe?.fired(run.name, run.streamTimeMs - timer.dueMs);
    } catch (error) {
      if (failureOf(error) !== 'bad_record') throw error;
      this.#effects.undoTopology();
      const letter = timerLetter(run.name, partition, timer, reasonOf(error));
      this.#effects.emitUnchecked(deadLetter(letter));
      observe?.deadLettered(run.name, letter.stage, letter.reason);
      this.poison += 1;
    }
  }

  /** True when the record is poison: it cannot be read, or a handler threw. A handler that gave it up knew it. */
  #deliver(route: Route, { head }: InputQueue): boolean {
    const { run } = route;
    run.holdTime();
    this.#effects.beginTopology();
    let reason: Reason | null;
    let isPoison = false;
    try {
      reason = this.#runStages(route, head);
    } catch (error) {
      if (failureOf(error) !== 'bad_record') throw error;
      reason = reasonOf(error);
      isPoison = true;
    }
    run.worked += 1;
    if (reason === null) return false;
    run.resetTime();
    this.#effects.undoTopology();
    const letter = letterOf(run.name, this.#stage, head, reason);
    this.#effects.emitUnchecked(this.#options.deadLetter(letter));
    this.#options.observe?.deadLettered(run.name, letter.stage, letter.reason);
    return isPoison;
  }

  #runStages({ run, inputs, isTimed }: Route, head: HeadRecord): Reason | null {
    this.#stage = inputs[0]?.stage ?? '';
    if (isTimed) run.advanceTo(requirePast(head.eventTimeMs, head.ingestTimeMs), head.ingestTimeMs);
    else if (!run.goesByEventTime) run.advanceTo(head.ingestTimeMs, head.ingestTimeMs);
    const { context } = run;
    for (const input of inputs) {
      this.#stage = input.stage;
      if (head.raw.key === null && input.key !== 'optional') throw NO_KEY;
      if (head.raw.value === null && input.kind === 'stream') throw TOMBSTONE;
      context.begin(head);
      input.handle(head, context);
      if (context.rejection !== null) return context.rejection;
      if (context.latenessMs !== null) this.#sendLate(run, input.stage, head, context.latenessMs);
    }
    return null;
  }

  #sendLate(run: TopologyRun, stage: string, head: HeadRecord, latenessMs: number): void {
    const reason = { reason: 'ZT-STREAMS-LATE', message: `${latenessMs} ms later than the grace allows` };
    const letter = letterOf(run.name, stage, head, reason);
    this.#effects.emitUnchecked(
      this.#options.late({ ...letter, latenessMs, streamTimeMs: run.streamTimeMs }),
    );
    this.#options.observe?.late(run.name);
  }
}

const NO_KEY = new StreamsError('ZT-STREAMS-NO-KEY', 'the record has no key');
const TOMBSTONE = new StreamsError('ZT-STREAMS-TOMBSTONE', 'a stream has no tombstones');

function requirePast(eventTimeMs: number, ingestTimeMs: number): number {
  if (eventTimeMs <= ingestTimeMs + FUTURE_MS) return eventTimeMs;
  const message = `the event time lies ${eventTimeMs - ingestTimeMs} ms behind the time of arrival`;
  throw new StreamsError('ZT-STREAMS-FUTURE', message);
}
