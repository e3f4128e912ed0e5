/** Something that works in slices. */
export interface Workable {
  /** Works for a few milliseconds; true when there is more to do at once. */
  runSlice(): boolean;
}

/**
 * Gives slices to whoever asked, in turn, one for each round of the event loop: heartbeats, answers of the broker
 * and other tasks come in between.
 */
export class Scheduler {
  readonly #waiting = new Set<Workable>();
  #immediate: NodeJS.Immediate | null = null;

  schedule(workable: Workable): void {
    this.#waiting.add(workable);
    this.#immediate ??= setImmediate(() => this.#turn());
  }

  remove(workable: Workable): void {
    this.#waiting.delete(workable);
  }

  #turn(): void {
    this.#immediate = null;
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    if (next.runSlice()) this.#waiting.add(next);
    if (this.#waiting.size > 0) this.#immediate = setImmediate(() => this.#turn());
  }
}
