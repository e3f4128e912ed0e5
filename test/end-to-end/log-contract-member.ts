import type { LogBatch, TaskGroup } from '@zhongtai/streams';
import type { LogClient } from './log-client.ts';

export interface MemberOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly instance: string;
  readonly warm?: readonly number[];
  /** Where each partition stands, for all members together; else each begins at 0. */
  readonly positions?: Map<number, number>;
  /** How long a batch is worked on after its records were seen. */
  readonly workMs?: number;
}

interface Seen {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

/** A member of a group that reads its partitions from where the positions say, with all that happened to it. */
export class Member {
  readonly group: TaskGroup;
  readonly positions: Map<number, number>;
  readonly seen: Seen[] = [];
  readonly revoked: string[] = [];
  readonly fatal: unknown[] = [];
  /** Batches that came when they should not. */
  readonly violations: string[] = [];
  /** Null between generations. */
  tasks: readonly number[] | null = null;
  generation: number | null = null;
  /** How many batches of one partition were worked on at the same time. */
  mostAtOnce = 0;
  readonly #options: MemberOptions;
  readonly #working = new Map<string, number>();

  constructor(client: LogClient, options: MemberOptions) {
    this.#options = options;
    this.positions = options.positions ?? new Map();
    const { groupId, instance, topics, warm = [] } = options;
    this.group = client.createGroup({
      groupId,
      instance,
      topics,
      sessionTimeoutMs: 6_000,
      warmTasks: () => warm,
      onAssigned: async (generation, partitions) => this.#begin(generation, partitions),
      onRevoked: async (reason) => {
        this.tasks = null;
        this.revoked.push(reason);
      },
      onBatch: (batch) => this.#take(batch),
      onFatal: (error) => void this.fatal.push(error),
    });
  }

  #begin(generation: number, partitions: readonly number[]): void {
    this.generation = generation;
    this.tasks = partitions;
    for (const partition of partitions) {
      const offset = this.positions.get(partition) ?? 0;
      for (const topic of this.#options.topics) this.group.go({ topic, partition }, offset);
    }
  }

  async #take({ topic, partition, generation, records, nextOffset }: LogBatch): Promise<void> {
    const name = `${topic}/${partition}`;
    if (generation !== this.generation || !this.tasks?.includes(partition)) {
      this.violations.push(`${name} of generation ${generation}`);
      return;
    }
    for (const { offset, value } of records) this.seen.push({ partition, offset, value: String(value) });
    this.positions.set(partition, nextOffset);
    const atOnce = (this.#working.get(name) ?? 0) + 1;
    this.#working.set(name, atOnce);
    this.mostAtOnce = Math.max(this.mostAtOnce, atOnce);
    await new Promise((resolve) => setTimeout(resolve, this.#options.workMs ?? 0));
    this.#working.set(name, (this.#working.get(name) ?? 0) - 1);
  }
}
