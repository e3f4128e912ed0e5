import type { GroupOptions, LogPage, Place, TaskGroup } from '../log-port.ts';

/** What the group needs of the log that it belongs to. */
interface GroupLog {
  check(): void;
  changed(): Promise<void>;
  readonly away: boolean;
  read(place: Place, offset: number, maxBytes: number): LogPage | null;
  partition(place: Place): { readonly highWatermark: number };
  partitionCounts(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

/** A member of the in-memory group; `freeze` stops it as SIGSTOP stops a process, for as long as a test wants. */
export class MemoryMember implements TaskGroup {
  readonly options: GroupOptions;
  readonly #log: GroupLog;
  readonly #coordinator: MemoryCoordinator;
  readonly #paused = new Set<string>();
  generation = -1;
  #reading = 0;
  /** By place: the latest `go`; an earlier one reads no more. */
  readonly #going = new Map<string, number>();
  #thaw: (() => void) | null = null;
  #frozen: Promise<void> | null = null;

  constructor(options: GroupOptions, log: GroupLog, coordinator: MemoryCoordinator) {
    this.options = options;
    this.#log = log;
    this.#coordinator = coordinator;
  }

  start(): Promise<void> {
    this.#log.check();
    return this.#coordinator.join(this);
  }

  async stop(): Promise<void> {
    await this.#coordinator.leave(this);
    this.#going.clear();
  }

  rejoin(): void {
    void this.#coordinator.rebalance();
  }

  go(place: Place, offset: number): void {
    this.#reading += 1;
    this.#going.set(nameOf(place), this.#reading);
    void this.#read(place, offset, this.#reading);
  }

  pause(place: Place): void {
    this.#paused.add(nameOf(place));
  }

  resume(place: Place): void {
    this.#paused.delete(nameOf(place));
  }

  async record(generation: number, positions: readonly (Place & { offset: number })[]): Promise<void> {
    this.#log.check();
    await this.#frozen;
    if (!this.#coordinator.isPresent(this, generation)) throw new Error('the generation has passed');
    for (const { topic, partition, offset } of positions) {
      this.#coordinator.recorded.set(`${topic}/${partition}`, offset);
    }
  }

  async confirm(generation: number): Promise<boolean> {
    await this.#frozen;
    this.#log.check();
    return this.#coordinator.isPresent(this, generation);
  }

  async #read(place: Place, from: number, reading: number): Promise<void> {
    const name = nameOf(place);
    let offset = from;
    while (this.#going.get(name) === reading) {
      await this.#frozen;
      const page = this.#paused.has(name) || this.#log.away ? null : this.#log.read(place, offset, 64 * 1024);
      if (page === null || page.nextOffset === offset) {
        await this.#log.changed();
        continue;
      }
      const { generation } = this;
      const { highWatermark } = this.#log.partition(place);
      await this.options.onBatch({
        ...place,
        ...page,
        generation,
        firstOffset: offset,
        highWatermark,
        bytes: page.records.length * 100,
      });
      offset = page.nextOffset;
    }
  }

  async revoked(reason: 'rebalance' | 'lost' | 'stop'): Promise<void> {
    this.#going.clear();
    await this.options.onRevoked(reason);
  }

  async assigned(generation: number, partitions: readonly number[]): Promise<void> {
    this.generation = generation;
    await this.options.onAssigned(generation, partitions);
  }

  freeze(): void {
    this.#frozen ??= new Promise((resolve) => {
      this.#thaw = resolve;
    });
  }

  /** Goes on; a member that the group has given up meanwhile hears it some time later and joins again. */
  async thaw(heardAfterMs = 0): Promise<void> {
    this.#thaw?.();
    this.#frozen = null;
    await new Promise((resolve) => setTimeout(resolve, heardAfterMs));
    if (this.#coordinator.isPresent(this, this.generation)) return;
    await this.revoked('lost');
    await this.#coordinator.join(this);
  }
}

function nameOf({ topic, partition }: Place): string {
  return `${topic}/${partition}`;
}

/** The group's coordinator: partition p of all topics goes to one member. */
export class MemoryCoordinator {
  readonly #log: GroupLog;
  readonly recorded = new Map<string, number>();
  #members: MemoryMember[] = [];
  #generation = 0;
  #changing: Promise<void> = Promise.resolve();

  constructor(log: GroupLog) {
    this.#log = log;
  }

  member(options: GroupOptions): MemoryMember {
    return new MemoryMember(options, this.#log, this);
  }

  get members(): readonly MemoryMember[] {
    return this.#members;
  }

  isPresent(member: MemoryMember, generation: number): boolean {
    return this.#members.includes(member) && generation === this.#generation;
  }

  async join(member: MemoryMember): Promise<void> {
    this.#members = [
      ...this.#members.filter(({ options }) => options.instance !== member.options.instance),
      member,
    ];
    await this.rebalance();
  }

  async leave(member: MemoryMember): Promise<void> {
    if (!this.#members.includes(member)) return;
    await member.revoked('stop');
    this.#members = this.#members.filter((other) => other !== member);
    await this.rebalance();
  }

  /** Gives up a member without telling it, as after its session time-out. */
  async expire(member: MemoryMember): Promise<void> {
    this.#members = this.#members.filter((other) => other !== member);
    await this.rebalance();
  }

  rebalance(): Promise<void> {
    this.#changing = this.#changing.then(() => this.#rebalance());
    return this.#changing;
  }

  async #rebalance(): Promise<void> {
    const members = [...this.#members].sort((a, b) => (a.options.instance < b.options.instance ? -1 : 1));
    await Promise.all(members.map((member) => member.revoked('rebalance')));
    this.#generation += 1;
    const topics = members[0]?.options.topics ?? [];
    const counts = await this.#log.partitionCounts(topics);
    const partitions = Math.max(0, ...counts.values());
    await Promise.all(
      members.map((member, index) => {
        const own = Array.from({ length: partitions }, (_, partition) => partition);
        return member.assigned(
          this.#generation,
          own.filter((partition) => partition % members.length === index),
        );
      }),
    );
  }
}
