import type { LogPage, LogRecord, OutRecord } from '../log-port.ts';

/** A transaction of the in-memory log; its records can be read when it is committed. */
export interface MemoryTransaction {
  readonly id: string;
  state: 'open' | 'committed' | 'aborted';
}

interface Entry {
  readonly offset: number;
  /** Null is a control marker. */
  readonly record: LogRecord | null;
  readonly transaction: MemoryTransaction | null;
}

const none: Entry = { offset: Number.POSITIVE_INFINITY, record: null, transaction: null };

/** One partition of the in-memory log: offsets with markers, aborted records and gaps, as Kafka has them. */
export class MemoryPartition {
  #entries: Entry[] = [];
  #earliest = 0;
  #next = 0;
  /** Entries before this one are of transactions that have ended. */
  #settled = 0;

  get earliest(): number {
    return this.#earliest;
  }

  get highWatermark(): number {
    return this.#next;
  }

  /** Behind the last record that a reader of committed records may see. */
  get stableEnd(): number {
    while (this.#entries[this.#settled] !== undefined) {
      if (this.#entries[this.#settled]?.transaction?.state === 'open') break;
      this.#settled += 1;
    }
    return this.#entries[this.#settled]?.offset ?? this.#next;
  }

  append(out: Omit<OutRecord, 'topic' | 'partition'>, transaction: MemoryTransaction | null): void {
    const offset = this.#next++;
    const headers = Object.fromEntries(out.headers ?? []);
    const { key, value, timestampMs } = out;
    this.#entries.push({ offset, record: { offset, timestampMs, key, value, headers }, transaction });
  }

  mark(transaction: MemoryTransaction): void {
    this.#entries.push({ offset: this.#next++, record: null, transaction });
  }

  /** Null when the offset is not in the log. */
  read(from: number, maxBytes: number): LogPage | null {
    if (from < this.#earliest || from > this.#next) return null;
    const end = this.stableEnd;
    const records: LogRecord[] = [];
    let bytes = 0;
    for (let at = this.#indexOf(from); at < this.#entries.length; at++) {
      const { offset, record, transaction } = this.#entries[at] ?? none;
      if (offset >= end) break;
      if (bytes >= maxBytes) return { records, nextOffset: offset };
      if (record === null || transaction?.state === 'aborted') continue;
      records.push(record);
      bytes += 70 + (record.key?.length ?? 0) + (record.value?.length ?? 0);
    }
    return { records, nextOffset: Math.max(from, end) };
  }

  /** Of the first entry at or behind an offset. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle] ?? none).offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** All committed records, as a reader of committed records sees them. */
  committed(): LogRecord[] {
    return [...(this.read(this.#earliest, Number.POSITIVE_INFINITY)?.records ?? [])];
  }

  /** Keeps the last record of each key below the stable end: offsets stay, gaps appear. */
  compact(): void {
    const end = this.stableEnd;
    const last = new Map<string, number>();
    for (const { offset, record, transaction } of this.#entries) {
      if (record === null || transaction?.state === 'aborted' || offset >= end) continue;
      last.set(textOf(record), offset);
    }
    this.#settled = 0;
    this.#entries = this.#entries.filter(
      ({ offset, record }) => offset >= end || (record !== null && last.get(textOf(record)) === offset),
    );
  }

  /** Deletes what lies before the first record of this time or later, as retention does. */
  expire(beforeMs: number): void {
    const kept = this.#entries.find(({ record }) => record !== null && record.timestampMs >= beforeMs);
    this.#earliest = kept?.offset ?? this.#next;
    this.#settled = 0;
    this.#entries = this.#entries.filter(({ offset }) => offset >= this.#earliest);
  }

  clear(): void {
    this.#entries = [];
    this.#settled = 0;
    this.#earliest = 0;
    this.#next = 0;
  }
}

/** Keys of window changelogs are not UTF-8: as such, different ones would become the same. */
function textOf({ key }: LogRecord): string {
  return key === null ? '' : key.toString('latin1');
}
