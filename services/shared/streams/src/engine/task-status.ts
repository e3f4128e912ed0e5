import { messageOf } from '../errors.ts';
import type { TaskPhase, TaskView } from './options.ts';

/** In which phase a task is, since when, and what went wrong last. */
export class TaskStatus {
  readonly partition: number;
  readonly #clock: () => number;
  #phase: TaskPhase = 'opening';
  #sinceMs: number;
  /** Since when one failure has followed the other with nothing between that went well; null when it goes well. */
  #waitingSinceMs: number | null = null;
  lastError: string | null = null;
  restoreRemaining = 0;

  constructor(partition: number, clock: () => number) {
    this.partition = partition;
    this.#clock = clock;
    this.#sinceMs = clock();
  }

  get phase(): TaskPhase {
    return this.#phase;
  }

  enter(phase: TaskPhase): void {
    this.#phase = phase;
    this.#sinceMs = this.#clock();
  }

  /** What is being opened is begun again: it has stood still since the first attempt. */
  again(): void {
    this.#phase = 'opening';
  }

  /** Answers what went wrong, in words. */
  failed(error: unknown): string {
    this.#waitingSinceMs ??= this.#clock();
    this.lastError = messageOf(error);
    return this.lastError;
  }

  /** What had to wait goes on. */
  moved(): void {
    this.#waitingSinceMs = null;
    this.lastError = null;
  }

  restoring(remaining: number): void {
    if (this.#phase === 'opening' && remaining > 0) this.#phase = 'restoring';
    this.restoreRemaining = remaining;
  }

  running(): void {
    this.moved();
    this.restoreRemaining = 0;
    this.enter('running');
  }

  get view(): TaskView {
    const { partition, phase, restoreRemaining, lastError } = this;
    const waitingSinceMs = this.#waitingSinceMs;
    return { partition, phase, sinceMs: this.#sinceMs, restoreRemaining, lastError, waitingSinceMs };
  }
}
