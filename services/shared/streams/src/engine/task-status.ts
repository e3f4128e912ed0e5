import type { TaskPhase, TaskView } from './options.ts';

/** In which phase a task is, since when, and what went wrong last. */
export class TaskStatus {
  readonly partition: number;
  readonly #clock: () => number;
  #phase: TaskPhase = 'opening';
  #sinceMs: number;
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

  restoring(remaining: number): void {
    if (this.#phase === 'opening' && remaining > 0) this.enter('restoring');
    this.restoreRemaining = remaining;
  }

  running(): void {
    this.lastError = null;
    this.restoreRemaining = 0;
    this.enter('running');
  }

  get view(): TaskView {
    const { partition, phase, restoreRemaining, lastError } = this;
    return { partition, phase, sinceMs: this.#sinceMs, restoreRemaining, lastError };
  }
}
