import type { LogBatch } from '../log-port.ts';
import type { Task } from '../task/types.ts';

interface Input {
  /** Where the next batch must begin. */
  expected: number;
  highWatermark: number;
  readonly waiting: Set<() => void>;
}

/** What a task has received, worked and committed of its inputs, and who waits for room. */
export class InputProgress {
  readonly #limitBytes: number;
  readonly #inputs = new Map<string, Input>();
  #task: Task | null = null;
  #committed: ReadonlyMap<string, number> = new Map();
  /** When a record of an input last came; at first, when the task was opened. */
  readonly #movedMs = new Map<string, number>();

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  begin(task: Task, nowMs: number): void {
    this.#task = task;
    this.#committed = task.positions();
    for (const [topic, expected] of task.positions()) {
      this.#inputs.set(topic, { expected, highWatermark: expected, waiting: new Set() });
      this.#movedMs.set(topic, nowMs);
    }
  }

  end(): void {
    this.#task = null;
    for (const { waiting } of this.#inputs.values()) for (const resolve of waiting) resolve();
    this.#inputs.clear();
  }

  expected(topic: string): number {
    return this.#inputs.get(topic)?.expected ?? 0;
  }

  /** Where reading of each input goes on. */
  expectedOffsets(): ReadonlyMap<string, number> {
    return new Map([...this.#inputs].map(([topic, { expected }]) => [topic, expected]));
  }

  isExpected({ topic, firstOffset }: LogBatch): boolean {
    return this.#inputs.get(topic)?.expected === firstOffset;
  }

  received({ topic, nextOffset, highWatermark, records }: LogBatch, nowMs: number): void {
    const input = this.#inputs.get(topic);
    if (input === undefined) return;
    input.expected = nextOffset;
    input.highWatermark = highWatermark;
    if (records.length > 0) this.#movedMs.set(topic, nowMs);
  }

  /** Resolves when less of the input waits than may. */
  room(topic: string): Promise<void> {
    const input = this.#inputs.get(topic);
    if (input === undefined || this.#hasRoom(topic)) return Promise.resolve();
    return new Promise((resolve) => input.waiting.add(resolve));
  }

  #hasRoom(topic: string): boolean {
    return (this.#task?.waitingBytes(topic) ?? 0) <= this.#limitBytes;
  }

  makeRoom(): void {
    for (const [topic, { waiting }] of this.#inputs) {
      if (waiting.size === 0 || !this.#hasRoom(topic)) continue;
      for (const resolve of waiting) resolve();
      waiting.clear();
    }
  }

  committed(positions: ReadonlyMap<string, number>): void {
    this.#committed = positions;
  }

  /** What lag tools may be told: where the last commit stood, or further where nothing is uncommitted. */
  settled(resting: boolean): ReadonlyMap<string, number> {
    const task = this.#task;
    return task === null || !resting || task.pending.changed ? this.#committed : task.positions();
  }

  lag(): ReadonlyMap<string, number> {
    const positions = this.#task?.positions() ?? new Map<string, number>();
    return new Map(
      [...this.#inputs].map(([topic, { highWatermark, expected }]) => {
        return [topic, Math.max(0, highWatermark - (positions.get(topic) ?? expected))] as const;
      }),
    );
  }

  /** Since when the input has stood at its end as far as is known here; null when it does not. */
  stillSinceMs(topic: string): number | null {
    const input = this.#inputs.get(topic);
    const at = this.#task?.positions().get(topic);
    if (input === undefined || at === undefined || at < input.highWatermark) return null;
    return this.#movedMs.get(topic) ?? null;
  }
}
