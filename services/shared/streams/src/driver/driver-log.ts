import { MemoryPartition, type MemoryTransaction } from '../engine/memory-partition.ts';
import { StreamsError } from '../errors.ts';
import type { LogPage, LogRecord, OutRecord, Place } from '../log-port.ts';

/** A transaction that a task's owner has begun; it can end it only as long as nobody has fenced it. */
export interface OpenTransaction {
  readonly id: string;
  readonly epoch: number;
  readonly transaction: MemoryTransaction;
  readonly records: readonly OutRecord[];
}

/** The log of the test driver: in memory, without waiting, with Kafka's transactions, fencing, markers and gaps. */
export class DriverLog {
  readonly #topics = new Map<string, readonly MemoryPartition[]>();
  readonly #owners = new Map<string, { epoch: number; open: OpenTransaction | null }>();

  ensureTopic(name: string, partitions: number): void {
    if (this.#topics.has(name)) return;
    this.#topics.set(
      name,
      Array.from({ length: partitions }, () => new MemoryPartition()),
    );
  }

  partitions(topic: string): readonly MemoryPartition[] {
    const found = this.#topics.get(topic);
    if (found !== undefined) return found;
    throw new StreamsError(
      'ZT-STREAMS-NO-TOPIC',
      `the driven application does not know the topic "${topic}"`,
    );
  }

  partition({ topic, partition }: Place): MemoryPartition {
    const found = this.partitions(topic)[partition];
    if (found !== undefined) return found;
    throw new StreamsError('ZT-STREAMS-NO-TOPIC', `"${topic}" has no partition ${partition}`);
  }

  append(record: OutRecord): void {
    this.partition(record).append(record, null);
  }

  page(place: Place, offset: number, maxBytes: number): LogPage {
    const page = this.partition(place).read(offset, maxBytes);
    if (page !== null) return page;
    throw new StreamsError('ZT-STREAMS-OFFSET', `${place.topic}/${place.partition} has no offset ${offset}`);
  }

  committed(topic: string): readonly (LogRecord & { readonly partition: number })[] {
    return this.partitions(topic).flatMap((each, partition) =>
      each.committed().map((record) => ({ ...record, partition })),
    );
  }

  /** The next owner of an id: what the former one left open is aborted, and its later calls are refused. */
  fence(id: string): number {
    const owner = this.#owners.get(id) ?? { epoch: 0, open: null };
    this.#owners.set(id, owner);
    if (owner.open !== null) this.#end(owner.open, 'aborted');
    owner.open = null;
    owner.epoch += 1;
    return owner.epoch;
  }

  /** For a flaw on purpose: the epoch that a fenced owner could not know. */
  epochOf(id: string): number {
    return this.#owners.get(id)?.epoch ?? 0;
  }

  /** Begins a transaction and sends all of it. */
  send(id: string, epoch: number, records: readonly OutRecord[]): OpenTransaction {
    const owner = this.#requireOwner(id, epoch);
    const transaction: MemoryTransaction = { id, state: 'open' };
    for (const record of records) this.partition(record).append(record, transaction);
    owner.open = { id, epoch, transaction, records };
    return owner.open;
  }

  /** Gives the offset behind the last record of each partition, by `topic/partition`. */
  commit(open: OpenTransaction): ReadonlyMap<string, number> {
    this.#requireOwner(open.id, open.epoch).open = null;
    const ends = new Map(
      open.records.map((record) => [
        `${record.topic}/${record.partition}`,
        this.partition(record).highWatermark,
      ]),
    );
    this.#end(open, 'committed');
    return ends;
  }

  #end({ transaction, records }: OpenTransaction, state: 'committed' | 'aborted'): void {
    transaction.state = state;
    for (const partition of new Set(records.map((record) => this.partition(record))))
      partition.mark(transaction);
  }

  #requireOwner(id: string, epoch: number) {
    const owner = this.#owners.get(id);
    if (owner?.epoch === epoch) return owner;
    throw new StreamsError('ZT-STREAMS-FENCED', `"${id}" belongs to a later owner`);
  }
}

/** Any function of the key does, as long as all topics share it; production has the partitioner of its log. */
export function partitionOf(key: Buffer, partitions: number): number {
  let hash = 7;
  for (const byte of key) hash = (Math.imul(hash, 31) + byte) >>> 0;
  return hash % partitions;
}
