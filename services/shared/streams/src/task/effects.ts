import { StreamsError } from '../errors.ts';
import type { OutRecord } from '../log-port.ts';

/** A store that can take one write back. */
export interface Undoable {
  undo(key: string, previous: unknown, bytes: Buffer | null | undefined): void;
}

/**
 * What the records since the last cut have done, with an undo log of the record in hand. Columns instead of
 * objects: a write costs no allocation here.
 */
export class Effects {
  outputs: OutRecord[] = [];
  bytes = 0;
  readonly maxRecordBytes: number;
  #stores: Undoable[] = [];
  #keys: string[] = [];
  #values: unknown[] = [];
  #bytes: (Buffer | null | undefined)[] = [];
  #writes = 0;
  #recordOutputs = 0;
  #recordBytes = 0;
  #stageWrites = 0;
  #stageOutputs = 0;
  #stageBytes = 0;

  constructor(maxRecordBytes: number) {
    this.maxRecordBytes = maxRecordBytes;
  }

  /** A new record begins: what was done before it stays. */
  beginRecord(): void {
    this.#writes = 0;
    this.#recordOutputs = this.outputs.length;
    this.#recordBytes = this.bytes;
    this.beginStage();
  }

  /** Takes back the whole record, whatever topologies it has been through. */
  undoRecord(): void {
    this.#undo(0, this.#recordOutputs, this.#recordBytes);
  }

  /** The record enters a topology. */
  beginStage(): void {
    this.#stageWrites = this.#writes;
    this.#stageOutputs = this.outputs.length;
    this.#stageBytes = this.bytes;
  }

  /** Takes back what the record did in the present topology. */
  undoStage(): void {
    this.#undo(this.#stageWrites, this.#stageOutputs, this.#stageBytes);
  }

  /** Remembers how a key stood before it is written. */
  wrote(
    store: Undoable,
    key: string,
    previous: unknown,
    bytes: Buffer | null | undefined,
    grown: number,
  ): void {
    const at = this.#writes++;
    this.#stores[at] = store;
    this.#keys[at] = key;
    this.#values[at] = previous;
    this.#bytes[at] = bytes;
    this.bytes += grown;
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
    throw new StreamsError('ZT-STREAMS-RECORD-SIZE', 'bad_record', message);
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
      this.#stores[at]?.undo(this.#keys[at] ?? '', this.#values[at], this.#bytes[at]);
    }
    this.outputs.length = outputs;
    this.bytes = bytes;
  }
}
