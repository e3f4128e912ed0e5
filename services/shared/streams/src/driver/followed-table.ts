import type { GlobalView } from '../task/types.ts';
import type { DriverLog } from './driver-log.ts';

/** A global table: the latest values of a topic, over all of its partitions. */
export class FollowedTable implements GlobalView {
  readonly #log: DriverLog;
  readonly #topic: string;
  readonly #rows = new Map<string, Buffer>();
  readonly #offsets: number[];

  constructor(log: DriverLog, topic: string) {
    this.#log = log;
    this.#topic = topic;
    this.#offsets = log.partitions(topic).map(() => 0);
  }

  /** Reads to the ends as they are now. */
  follow(): void {
    for (const [partition, offset] of this.#offsets.entries()) {
      const page = this.#log.page({ topic: this.#topic, partition }, offset, Number.POSITIVE_INFINITY);
      for (const { key, value } of page.records) {
        if (value === null) this.#rows.delete(String(key));
        else this.#rows.set(String(key), value);
      }
      this.#offsets[partition] = page.nextOffset;
    }
  }

  get(key: string): Buffer | undefined {
    return this.#rows.get(key);
  }

  offsets(): readonly number[] {
    return [...this.#offsets];
  }
}
