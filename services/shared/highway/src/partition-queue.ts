import type { HighwayError } from './errors.ts';
import type { Stored } from './publisher-types.ts';
import type { BatchRecord } from './record-batch-writer.ts';

/** A producer id of the broker, under which the batches of a partition carry one running sequence. */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** One call of `publish`: settles once, when all its records are stored or the first of them fails. */
export class PublishCall {
  readonly promise: Promise<Stored[]>;
  readonly deadline: number;
  readonly #stored: Stored[];
  #missing: number;
  #settled = false;
  #resolve: (stored: Stored[]) => void = () => undefined;
  #reject: (error: HighwayError) => void = () => undefined;

  constructor(count: number, deadline: number) {
    this.deadline = deadline;
    this.#missing = count;
    this.#stored = new Array(count);
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get settled(): boolean {
    return this.#settled;
  }

  stored(index: number, place: Stored): void {
    this.#stored[index] = place;
    this.#missing--;
    if (this.#missing > 0 || this.#settled) return;
    this.#settled = true;
    this.#resolve(this.#stored);
  }

  fail(error: HighwayError): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#reject(error);
  }
}

export interface WaitingRecord extends BatchRecord {
  readonly bytes: number;
  readonly call: PublishCall;
  readonly index: number;
}

/** Records that travel together. Sent again it is the same bytes: the broker knows it by its sequence. */
export interface Batch {
  readonly queue: PartitionQueue;
  readonly records: readonly WaitingRecord[];
  readonly bytes: number;
  /** The latest of its records' deadlines: until then it is sent again. */
  readonly deadline: number;
  encoded: Buffer | null;
  attempts: number;
}

/** The records of one partition that wait, and at most one batch of them under way: that keeps their order. */
export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  leader: number;
  busy = false;
  identity: ProducerIdentity | null = null;
  /** The identity given up last; never used again here. */
  spent: ProducerIdentity | null = null;
  sequence = 0;
  /** Running number of the `zt-seq` header. */
  stamp = 0;
  #waiting: WaitingRecord[] = [];
  /** What failed and goes before anything newer, in order. */
  #again: Batch[] = [];

  constructor(topic: string, partition: number, leader: number) {
    this.topic = topic;
    this.partition = partition;
    this.leader = leader;
  }

  get hasWork(): boolean {
    return this.#again.length > 0 || this.#waiting.length > 0;
  }

  add(record: WaitingRecord): void {
    this.#waiting.push(record);
  }

  /** The batch that failed before, or a new one from what has waited longest. */
  take(maxRecords: number, maxBytes: number): Batch | null {
    const again = this.#again.shift();
    if (again !== undefined) return again;
    let count = 0;
    let bytes = 0;
    let deadline = 0;
    for (const record of this.#waiting) {
      if (count > 0 && (count >= maxRecords || bytes + record.bytes > maxBytes)) break;
      count++;
      bytes += record.bytes;
      deadline = Math.max(deadline, record.call.deadline);
    }
    if (count === 0) return null;
    const records = count === this.#waiting.length ? this.#waiting : this.#waiting.slice(0, count);
    this.#waiting = count === this.#waiting.length ? [] : this.#waiting.slice(count);
    return { queue: this, records, bytes, deadline, encoded: null, attempts: 0 };
  }

  putBack(batch: Batch): void {
    this.#again.unshift(batch);
  }

  /** Of a batch that the broker refused for one of its records: halved until that record is alone. */
  putBackHalves({ records, attempts }: Batch): void {
    const middle = Math.ceil(records.length / 2);
    const halves = [records.slice(0, middle), records.slice(middle)].map((some): Batch => {
      const bytes = some.reduce((sum, record) => sum + record.bytes, 0);
      const deadline = Math.max(...some.map(({ call }) => call.deadline));
      return { queue: this, records: some, bytes, deadline, encoded: null, attempts };
    });
    this.#again.unshift(...halves);
  }

  /** Drops waiting records whose call has ended already; answers their bytes. */
  dropSettled(): number {
    let bytes = 0;
    const kept: WaitingRecord[] = [];
    for (const record of this.#waiting) {
      if (record.call.settled) bytes += record.bytes;
      else kept.push(record);
    }
    this.#waiting = kept;
    return bytes;
  }

  advance(count: number): void {
    // The broker's own rule for the sequence: it runs to 2^31 - 1 and goes on at 0.
    this.sequence = (this.sequence + count) % 0x8000_0000;
  }

  /** After a batch of unknown fate: its sequence must never be used for other records. */
  giveUpIdentity(): void {
    this.spent = this.identity;
    this.identity = null;
    this.sequence = 0;
  }
}
