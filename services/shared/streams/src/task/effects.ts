import { StreamsError } from '../errors.ts';
import type { OutRecord } from '../log-port.ts';
import type { Serde } from '../serde.ts';

/** A record whose key and value need not be encoded again when they are passed on as they are. */
export interface HeadBytes {
  bytesOfKey(key: string): Buffer | null;
  bytesOfValue(serde: unknown, value: unknown): Buffer | null;
}

/** Where a store keeps one value. */
export interface Slot {
  /** Undefined: there is none; `UNREAD`: the local state knows. */
  value: unknown;
  /** As written since the last cut; null deletes, undefined: not written since then. */
  bytes: Buffer | null | undefined;
}

export const UNREAD = Symbol('unread');

/**
 * What the records since the last cut have done, with an undo log of the record in hand. Columns instead of
 * objects: a write costs no allocation here.
 */
export class Effects {
  outputs: OutRecord[] = [];
  bytes = 0;
  readonly maxRecordBytes: number;
  /** The record in hand; null: a timer. */
  head: HeadBytes | null = null;
  #slots: Slot[] = [];
  #values: unknown[] = [];
  #bytes: (Buffer | null | undefined)[] = [];
  #writes = 0;
  #recordOutputs = 0;
  #recordBytes = 0;
  #topologyWrites = 0;
  #topologyOutputs = 0;
  #topologyBytes = 0;

  constructor(maxRecordBytes: number) {
    this.maxRecordBytes = maxRecordBytes;
  }

  /** A new record begins: what was done before it stays. */
  beginRecord(head: HeadBytes | null): void {
    this.head = head;
    this.#writes = 0;
    this.#recordOutputs = this.outputs.length;
    this.#recordBytes = this.bytes;
    this.beginTopology();
  }

  /** Takes back the whole record, whatever topologies it has been through. */
  undoRecord(): void {
    this.#undo(0, this.#recordOutputs, this.#recordBytes);
  }

  /** The record enters a topology. */
  beginTopology(): void {
    this.#topologyWrites = this.#writes;
    this.#topologyOutputs = this.outputs.length;
    this.#topologyBytes = this.bytes;
  }

  /** Takes back what the record did in the present topology. */
  undoTopology(): void {
    this.#undo(this.#topologyWrites, this.#topologyOutputs, this.#topologyBytes);
  }

  encode<T>(serde: Serde<T>, value: T): Buffer {
    return this.head?.bytesOfValue(serde, value) ?? serde.encode(value);
  }

  /** Writes a slot, and remembers how it stood. */
  write(slot: Slot, value: unknown, bytes: Buffer | null, size: number): void {
    const at = this.#writes++;
    this.#slots[at] = slot;
    this.#values[at] = slot.value;
    this.#bytes[at] = slot.bytes;
    if (slot.bytes === undefined) this.bytes += size;
    slot.value = value;
    slot.bytes = bytes;
  }

  emit(record: OutRecord): void {
    const size = (record.key?.length ?? 0) + (record.value?.length ?? 0);
    this.requireFits(size, record.topic);
    this.outputs.push(record);
    this.bytes += size;
  }

  /** For what must go out whatever its size, such as a dead letter. */
  emitUnchecked(record: OutRecord): void {
    this.outputs.push(record);
    this.bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
  }

  requireFits(size: number, where: string): void {
    if (size <= this.maxRecordBytes) return;
    const message = `a record of ${size} bytes for ${where} is larger than the log takes (${this.maxRecordBytes})`;
    throw new StreamsError('ZT-STREAMS-RECORD-SIZE', message);
  }

  /** Hands over the outputs and begins anew. */
  take(): OutRecord[] {
    const { outputs } = this;
    this.outputs = [];
    this.bytes = 0;
    this.#writes = 0;
    return outputs;
  }

  #undo(writes: number, outputs: number, bytes: number): void {
    while (this.#writes > writes) {
      const at = --this.#writes;
      const slot = this.#slots[at];
      if (slot === undefined) continue;
      slot.value = this.#values[at];
      slot.bytes = this.#bytes[at];
    }
    this.outputs.length = outputs;
    this.bytes = bytes;
  }
}

/** A value that is a piece of a fetched batch would keep the whole batch in memory while it is cached. */
export function ownValue(value: unknown): unknown {
  if (!Buffer.isBuffer(value) || value.buffer.byteLength <= Buffer.poolSize) return value;
  return value.length * 2 >= value.buffer.byteLength ? value : Buffer.from(value);
}
