import type { Codec, PartitionOwner, Place, RawBatch, RawRecord } from '@zhongtai/highway';
import type { Logger } from '@zhongtai/runtime';
import type { Topic } from '@zhongtai/schemas';
import type { Budget } from './budget.ts';
import { type CutBuilder, createCutBuilder, type SealedCut } from './cut-builder.ts';
import type { CutSender } from './cut-sender.ts';
import type { SinkMetrics } from './metrics.ts';
import {
  beforeSend,
  inserted,
  type PartitionState,
  recorded,
  refused,
  type Step,
  sealed,
} from './partition-machine.ts';
import type { Plans } from './plans.ts';
import { givenUp, untilDone } from './waiting.ts';

interface CutLimits {
  readonly maxRows: number;
  readonly maxBytes: number;
  /** How long a row waits for others while nothing is under way. */
  readonly lingerMs: number;
  /** The same while the partition is behind: larger inserts catch up sooner. */
  readonly behindLingerMs: number;
}

export interface WorkerOptions {
  readonly place: Place;
  readonly topic: Topic;
  readonly generation: number;
  readonly owner: Pick<PartitionOwner, 'commit'>;
  readonly codec: Pick<Codec, 'schemaIdOf' | 'unlearned' | 'learn'>;
  readonly plans: Plans;
  readonly sender: CutSender;
  readonly budget: Budget;
  readonly limits: CutLimits;
  readonly metrics: SinkMetrics;
  readonly logger: Logger;
  readonly clock: () => number;
  /** A clock that no one can set back, for the age of a record. */
  readonly monotonicMs: () => number;
  /** The partition was given up although nobody took it: it has to be assigned again. */
  readonly onLost: (error: unknown) => void;
}

/** Takes one partition's batches in, cuts them and brings each cut through the machine. */
export class PartitionWorker {
  readonly #options: WorkerOptions;
  readonly #abort = new AbortController();
  #state: PartitionState;
  #open: CutBuilder;
  #waiting: SealedCut | null = null;
  #sending: SealedCut | null = null;
  #sendingSinceMs = 0;
  #driving: Promise<void> | null = null;
  #room: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #guard: Promise<void> | null = null;
  #blocked: string | null = null;
  #held: string | null = null;
  readonly #from: number;

  /** @param taken what `take` said of the partition. */
  constructor(options: WorkerOptions, taken: Step) {
    this.#options = options;
    this.#state = taken.state;
    this.#from = this.#readingFrom();
    this.#open = this.#builderFrom(this.#replay()?.first ?? this.#readingFrom());
    if (this.#replay() !== null) options.metrics.replays.inc();
  }

  get place(): Place {
    return this.#options.place;
  }

  /** Why the partition stands still at present. */
  get blocked(): string | null {
    return this.#held ?? this.#blocked;
  }

  /** Why its topic cannot be read any further. */
  get held(): string | null {
    return this.#held;
  }

  /** Where reading goes on. */
  get nextOffset(): number {
    return Math.max(this.#from, this.#open.next);
  }

  /** Reading has stopped until a batch comes in again; what was taken in before goes its way. */
  hold(reason: string): void {
    this.#held = reason;
  }

  /** Kafka's time of the oldest record that was read and is not in the warehouse; 0 when there is none. */
  get oldestMs(): number {
    return this.#sending?.oldestMs || this.#waiting?.oldestMs || this.#open.oldestMs;
  }

  get pendingSinceMs(): number {
    return this.#sending === null ? 0 : this.#sendingSinceMs;
  }

  /**
   * Takes a batch in. Resolves when there is room for the next; rejects when the partition is given up. A batch
   * may come again: what was taken in of it is passed over.
   */
  async absorb(batch: RawBatch): Promise<void> {
    if (this.#abort.signal.aborted) throw givenUp();
    await this.#learn(batch.records);
    for (const record of batch.records) {
      if (record.offset < this.#open.next) continue;
      const replay = this.#replay();
      if (replay !== null && record.offset > replay.last) await this.#finishReplay(replay.last);
      this.#open.add(record);
      this.#account();
      if (this.#isFull()) await this.#seal();
    }
    const replay = this.#replay();
    if (replay === null) this.#open.reach(batch.nextOffset - 1);
    else if (batch.nextOffset > replay.last) await this.#finishReplay(replay.last);
    this.#held = null;
    this.#linger(batch.nextOffset >= batch.highWatermark);
  }

  /**
   * Ends the work on the partition. With `gracefully` what is under way is finished first, as long as it takes;
   * what has not been cut is left to whoever comes next.
   */
  async stop(gracefully: boolean): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (!gracefully) this.#abort.abort();
    await this.#driving;
    this.#abort.abort();
    this.#room?.();
    this.#options.budget.release(this);
  }

  async #learn(records: readonly RawRecord[]): Promise<void> {
    const { codec, metrics, logger, place } = this.#options;
    const values = records.map((record) => record.value);
    if (codec.unlearned(values).length === 0) return;
    await untilDone(
      () => codec.learn(codec.unlearned(values)),
      this.#abort.signal,
      (error) => {
        metrics.retries.inc({ reason: 'ZT-HIGHWAY-REGISTRY-AWAY' });
        this.#blocked = 'the schema registry does not answer';
        logger.warn({ err: error, ...place }, 'schema registry does not answer: partition held');
      },
    );
    if (this.#blocked?.includes('registry') === true) this.#blocked = null;
  }

  #builderFrom(first: number): CutBuilder {
    const { topic, place, codec, plans } = this.#options;
    return createCutBuilder({ topic, partition: place.partition, codec, plans }, first);
  }

  #replay(): { first: number; last: number } | null {
    return this.#state.at === 'reading' ? this.#state.replay : null;
  }

  #readingFrom(): number {
    return this.#state.at === 'reading' ? this.#state.next : 0;
  }

  #account(): void {
    const bytes = this.#open.bytes + (this.#waiting?.bytes ?? 0) + (this.#sending?.bytes ?? 0);
    this.#options.budget.hold(this, bytes);
  }

  #isFull(): boolean {
    if (this.#replay() !== null) return false;
    const { limits, budget } = this.#options;
    const { rows, bytes, letters } = this.#open;
    return (
      rows + letters >= limits.maxRows || bytes >= limits.maxBytes || (budget.exceeded && bytes > 65_536)
    );
  }

  /** A replayed range ends where it ended before, whatever the log still holds of it. */
  async #finishReplay(last: number): Promise<void> {
    this.#open.reach(last);
    await this.#seal();
  }

  /** Ends the open cut and waits until it is under way or there is a place for it to wait. */
  async #seal(): Promise<void> {
    while (this.#waiting !== null) {
      await new Promise<void>((resolve) => {
        this.#room = resolve;
      });
      if (this.#abort.signal.aborted) throw givenUp();
    }
    const cut = this.#open.seal();
    this.#open = this.#builderFrom(cut.last + 1);
    this.#waiting = cut;
    this.#drive();
    // The range to be replayed is a fact of the state until the machine has moved on.
    if (this.#replay() !== null) await this.#driving;
  }

  #linger(caughtUp: boolean): void {
    if (this.#timer !== null || this.#driving !== null || this.#isEmpty() || this.#replay() !== null) return;
    const { limits } = this.#options;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        if (this.#driving === null && !this.#isEmpty() && !this.#abort.signal.aborted) void this.#seal();
      },
      caughtUp ? limits.lingerMs : limits.behindLingerMs,
    );
  }

  #isEmpty(): boolean {
    return this.#open.rows === 0 && this.#open.letters === 0;
  }

  #takeWaiting(): SealedCut | null {
    const cut = this.#waiting;
    this.#waiting = null;
    this.#room?.();
    this.#room = null;
    return cut;
  }

  #drive(): void {
    if (this.#driving !== null || this.#state.at === 'lost') return;
    this.#driving = this.#run()
      .catch((error: unknown) => this.#lose(error))
      .finally(() => {
        this.#driving = null;
        if (this.#waiting !== null && !this.#abort.signal.aborted) this.#drive();
        else this.#linger(true);
      });
  }

  async #run(): Promise<void> {
    const cut = this.#takeWaiting();
    if (cut === null) return;
    this.#begin(cut);
    let step = sealed(this.#state, cut);
    for (;;) {
      this.#state = step.state;
      const { command } = step;
      if (command.do === 'read') break;
      if (command.do === 'give up') throw givenUp();
      step =
        command.do === 'commit' ? await this.#commit(command.offset, command.metadata) : await this.#send();
    }
    this.#sending = null;
    this.#options.budget.hold(this, this.#open.bytes);
  }

  #begin(cut: SealedCut): void {
    this.#sending = cut;
    this.#sendingSinceMs = this.#options.clock();
  }

  async #commit(offset: number, metadata: string): Promise<Step> {
    const { owner, generation, place, monotonicMs } = this.#options;
    try {
      await owner.commit(generation, [{ ...place, offset, metadata }]);
    } catch (error) {
      this.#state = refused().state;
      throw error;
    }
    if (this.#abort.signal.aborted) throw givenUp();
    return recorded(this.#state, monotonicMs());
  }

  async #send(): Promise<Step> {
    const { sender, place, clock, metrics } = this.#options;
    const cut = this.#sending;
    if (cut === null || this.#state.at !== 'sending') throw givenUp();
    await sender.send({
      place,
      epoch: this.#state.epoch,
      cut,
      signal: this.#abort.signal,
      mayStillSend: () => this.#mayStillSend(),
      onBlocked: (reason) => {
        this.#blocked = reason;
      },
    });
    if (cut.oldestMs > 0) {
      metrics.visibleSeconds.observe({ topic: place.topic }, (clock() - cut.oldestMs) / 1000);
    }
    const step = inserted(this.#state, this.#waiting);
    if (step.state.at === 'recording') {
      const following = this.#takeWaiting();
      if (following !== null) this.#begin(following);
    }
    return step;
  }

  /** Several inserts of a cut may ask at once: a cut that has grown old is recorded again once. */
  #mayStillSend(): Promise<void> {
    this.#guard ??= this.#refresh().finally(() => {
      this.#guard = null;
    });
    return this.#guard;
  }

  async #refresh(): Promise<void> {
    const step = beforeSend(this.#state, this.#options.monotonicMs());
    if (step.command.do === 'give up') throw givenUp();
    this.#state = step.state;
    if (step.command.do !== 'commit') return;
    this.#state = (await this.#commit(step.command.offset, step.command.metadata)).state;
  }

  #lose(error: unknown): void {
    const expected = this.#abort.signal.aborted;
    this.#state = { at: 'lost' };
    this.#abort.abort();
    this.#room?.();
    this.#options.budget.release(this);
    if (expected) return;
    this.#options.metrics.givenUp.inc();
    this.#options.logger.warn({ err: error, ...this.#options.place }, 'partition given up');
    this.#options.onLost(error);
  }
}
