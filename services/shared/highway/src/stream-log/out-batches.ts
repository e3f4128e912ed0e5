import type { BatchRecord } from '../record-batch-writer.ts';
import type { Place } from '../subscription-types.ts';
import type { OutRecord } from './types.ts';

const recordOverheadBytes = 24;

/** Records of one partition that go into one record batch. */
export interface OutBatch extends Place {
  readonly records: readonly BatchRecord[];
  readonly bytes: number;
  /** How many records of the transaction lie before these in the partition. */
  readonly sequence: number;
}

const nameBytes = new Map<string, Buffer>();

/** Header names are few and come with every record. */
function bytesOfName(name: string): Buffer {
  const known = nameBytes.get(name);
  if (known !== undefined) return known;
  const bytes = Buffer.from(name);
  if (nameBytes.size < 1_000) nameBytes.set(name, bytes);
  return bytes;
}

const noHeaders: BatchRecord['headers'] = [];

function batchRecordOf({ key, value, headers, headerBytes, timestampMs }: OutRecord): BatchRecord {
  if (headerBytes !== undefined) return { key, value, timestampMs, headers: noHeaders, headerBytes };
  const own = headers?.map(([name, content]) => [bytesOfName(name), content] as const);
  return { key, value, timestampMs, headers: own ?? noHeaders };
}

function bytesOf({ key, value, headers, headerBytes }: BatchRecord): number {
  let bytes = recordOverheadBytes + (key?.length ?? 0) + (value?.length ?? 0) + (headerBytes?.length ?? 0);
  for (const [name, content] of headers) bytes += name.length + content.length + 4;
  return bytes;
}

/**
 * The records of a transaction as record batches: the n-th round holds the n-th batch of each partition, because a
 * request may carry one batch per partition. A record larger than a batch goes alone.
 */
export function batchRounds(records: readonly OutRecord[], maxBatchBytes: number): OutBatch[][] {
  const rounds: OutBatch[][] = [];
  for (const ofPlace of byPlace(records).values()) {
    for (const [round, batch] of batchesOf(ofPlace, maxBatchBytes).entries()) {
      const batches = rounds[round];
      if (batches === undefined) rounds.push([batch]);
      else batches.push(batch);
    }
  }
  return rounds;
}

function byPlace(records: readonly OutRecord[]): Map<string, OutRecord[]> {
  const places = new Map<string, OutRecord[]>();
  let last: OutRecord[] | undefined;
  let before: OutRecord | undefined;
  for (const record of records) {
    if (last === undefined || before?.partition !== record.partition || before.topic !== record.topic) {
      const name = `${record.topic}/${record.partition}`;
      last = places.get(name);
      if (last === undefined) {
        last = [];
        places.set(name, last);
      }
    }
    last.push(record);
    before = record;
  }
  return places;
}

function batchesOf(records: readonly OutRecord[], maxBatchBytes: number): OutBatch[] {
  const batches: OutBatch[] = [];
  let open: BatchRecord[] = [];
  let bytes = 0;
  let sequence = 0;
  const close = (place: Place) => {
    const { topic, partition } = place;
    batches.push({ topic, partition, records: open, bytes, sequence });
    sequence += open.length;
    open = [];
    bytes = 0;
  };
  for (const out of records) {
    const record = batchRecordOf(out);
    const size = bytesOf(record);
    if (open.length > 0 && bytes + size > maxBatchBytes) close(out);
    open.push(record);
    bytes += size;
  }
  const [first] = records;
  if (first !== undefined) close(first);
  return batches;
}
