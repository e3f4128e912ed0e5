import { randomUUID } from 'node:crypto';
import type {
  GroupOptions,
  InternalTopic,
  Log,
  LogPage,
  LogReader,
  LogRecord,
  OutRecord,
  Place,
  TaskGroup,
  TransactionalProducer,
} from '../log-port.ts';
import { MemoryCoordinator } from './memory-group.ts';
import { MemoryPartition, type MemoryTransaction } from './memory-partition.ts';

/**
 * What becomes of one commit: `lost-before` nothing arrives, `unknown-committed` and `unknown-aborted` the answer is
 * lost, `open` the process hangs with its transaction open until somebody fences it.
 */
export type CommitFate =
  | 'commit'
  | 'lost-before'
  | 'unknown-committed'
  | 'unknown-aborted'
  | 'open'
  | 'fatal';

/** A log in memory with Kafka's ways: transactions, fencing, markers, compaction, groups. For tests. */
export class MemoryLog implements Log {
  readonly #topics = new Map<string, MemoryPartition[]>();
  readonly #retentionMs = new Map<string, number>();
  readonly #identities = new Map<string, string>();
  readonly #owners = new Map<string, { epoch: number; open: MemoryTransaction | null }>();
  readonly #coordinators = new Map<string, MemoryCoordinator>();
  readonly #waiting = new Set<() => void>();
  /** Asked at each commit; set by a test. */
  fate: (transactionalId: string, records: readonly OutRecord[]) => CommitFate = () => 'commit';
  /** Awaited at the beginning of each commit. */
  hold: () => Promise<void> = () => new Promise((resolve) => setImmediate(resolve));
  /** When set, every call to the log fails as if the broker were away. */
  away = false;
  commits = 0;
  fences = 0;

  createTopic(name: string, partitions: number): void {
    if (this.#topics.has(name)) return;
    this.#identities.set(name, randomUUID());
    this.#topics.set(
      name,
      Array.from({ length: partitions }, () => new MemoryPartition()),
    );
  }

  deleteTopic(name: string): void {
    this.#topics.delete(name);
  }

  /** Another log at the same address: the topics are there and empty. */
  clearAll(): void {
    for (const partition of [...this.#topics.values()].flat()) partition.clear();
    for (const name of this.#topics.keys()) this.#identities.set(name, randomUUID());
    this.#owners.clear();
  }

  partition({ topic, partition }: Place): MemoryPartition {
    const found = this.#topics.get(topic)?.[partition];
    if (found === undefined) throw failure('fatal', `no partition ${topic}/${partition}`);
    return found;
  }

  /** Appends a plain record, as a producer without transactions does. */
  append(topic: string, key: string, value: string | Buffer | null, timestampMs = Date.now()): void {
    const partition = this.partitionOf(Buffer.from(key), this.#topics.get(topic)?.length ?? 1);
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    this.partition({ topic, partition }).append({ key: Buffer.from(key), value: bytes, timestampMs }, null);
    this.wake();
  }

  /** Every committed record of a topic, by partition. */
  committed(topic: string): LogRecord[][] {
    return (this.#topics.get(topic) ?? []).map((partition) => partition.committed());
  }

  coordinator(groupId: string): MemoryCoordinator {
    const found = this.#coordinators.get(groupId) ?? new MemoryCoordinator(this);
    this.#coordinators.set(groupId, found);
    return found;
  }

  partitionOf(key: Buffer, partitions: number): number {
    return key.reduce((hash, byte) => (hash * 31 + byte) >>> 0, 7) % partitions;
  }

  async partitionCounts(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    this.check();
    return new Map(
      topics.flatMap((topic): [string, number][] => {
        const found = this.#topics.get(topic);
        return found === undefined ? [] : [[topic, found.length]];
      }),
    );
  }

  async ensureTopics(topics: readonly InternalTopic[]): Promise<void> {
    this.check();
    for (const { name, partitions, retentionMs } of topics) {
      this.createTopic(name, partitions);
      if (retentionMs !== null) this.#retentionMs.set(name, retentionMs);
    }
  }

  /** Deletes by age what the engine's own topics need not keep any more, as brokers do. */
  deleteOlderThanKept(nowMs: number): void {
    for (const [name, retentionMs] of this.#retentionMs) {
      for (const partition of this.#topics.get(name) ?? []) partition.expire(nowMs - retentionMs);
    }
  }

  createReader(): LogReader {
    return {
      bounds: async (places) => {
        this.check();
        return places.map((place) => {
          const { earliest, stableEnd } = this.partition(place);
          return { ...place, earliest, end: stableEnd };
        });
      },
      read: async (place, offset, maxBytes = 1 << 20) => {
        const page = this.read(place, offset, maxBytes);
        if (page === null || page.nextOffset > offset) return page;
        await this.changed();
        return this.read(place, offset, maxBytes);
      },
      identities: async (topics) => {
        this.check();
        return new Map([...this.#identities].filter(([name]) => topics.includes(name)));
      },
      close: async () => undefined,
    };
  }

  read(place: Place, offset: number, maxBytes: number): LogPage | null {
    this.check();
    return this.partition(place).read(offset, maxBytes);
  }

  /** Resolves when something was written, or after a moment. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, 20);
      this.#waiting.add(done);
    });
  }

  wake(): void {
    for (const done of this.#waiting) done();
  }

  createProducer(transactionalId: string): TransactionalProducer {
    let epoch = -1;
    let closed = false;
    return {
      fence: async () => {
        this.check();
        epoch = this.#fence(transactionalId);
        await Promise.resolve();
      },
      commit: async (records) => {
        this.check();
        if (closed) throw failure('fatal', 'the producer is closed');
        await this.hold();
        return this.#commit(transactionalId, epoch, records);
      },
      close: async () => {
        closed = true;
      },
    };
  }

  #fence(id: string): number {
    this.fences += 1;
    const owner = this.#owners.get(id) ?? { epoch: 0, open: null };
    if (owner.open !== null) this.#end(owner.open, 'aborted');
    const epoch = owner.epoch + 1;
    this.#owners.set(id, { epoch, open: null });
    return epoch;
  }

  #end(transaction: MemoryTransaction, state: 'committed' | 'aborted'): void {
    transaction.state = state;
    this.wake();
  }

  async #commit(
    id: string,
    epoch: number,
    records: readonly OutRecord[],
  ): Promise<ReadonlyMap<string, number>> {
    const owner = this.#owners.get(id);
    if (owner === undefined || owner.epoch !== epoch) throw fenced(id);
    const fate = this.fate(id, records);
    if (fate === 'fatal') throw failure('fatal', 'refused');
    if (fate === 'lost-before') throw failure('retryable', 'not sent');
    const transaction: MemoryTransaction = { id, state: 'open' };
    owner.open = transaction;
    const ends = this.#write(records, transaction);
    if (fate === 'open') throw failure('retryable', 'no answer, the transaction is open');
    this.#end(transaction, fate === 'unknown-aborted' ? 'aborted' : 'committed');
    owner.open = null;
    this.commits += 1;
    if (fate !== 'commit') throw failure('retryable', 'no answer to the commit');
    return ends;
  }

  #write(records: readonly OutRecord[], transaction: MemoryTransaction): Map<string, number> {
    const ends = new Map<string, number>();
    for (const record of records) {
      const partition = this.partition(record);
      partition.append(record, transaction);
      ends.set(`${record.topic}/${record.partition}`, partition.highWatermark);
    }
    for (const name of ends.keys()) {
      const at = name.lastIndexOf('/');
      const place = { topic: name.slice(0, at), partition: Number(name.slice(at + 1)) };
      this.partition(place).mark(transaction);
    }
    return ends;
  }

  createGroup(options: GroupOptions): TaskGroup {
    return this.coordinator(options.groupId).member(options);
  }

  async lag(groupId: string, topic: string): Promise<number> {
    this.check();
    const recorded = this.coordinator(groupId).recorded;
    return (this.#topics.get(topic) ?? []).reduce((sum, { earliest, highWatermark }, partition) => {
      const at = recorded.get(`${topic}/${partition}`) ?? earliest;
      return sum + highWatermark - Math.max(at, earliest);
    }, 0);
  }

  check(): void {
    if (this.away) throw failure('retryable', 'the broker is away');
  }
}

function failure(kind: string, message: string): Error {
  return Object.assign(new Error(message), { failure: kind });
}

function fenced(id: string): Error {
  return Object.assign(new Error(`${id} is fenced`), { failure: 'fatal', fenced: true });
}
