import { describe, expect, it } from '@jest/globals';
import kafkajsRecord from 'kafkajs/src/protocol/recordBatch/record/v0/index.js';
import kafkajsBatch from 'kafkajs/src/protocol/recordBatch/v0/index.js';
import { crc32c } from './crc32c.ts';
import { readRecordSet } from './record-batch-reader.ts';
import { type BatchRecord, sizeOfVarint, writeRecordBatch } from './record-batch-writer.ts';

const identity = { producerId: 77n, producerEpoch: 3, firstSequence: 12 };
const at = 1_700_000_000_000;

function record(n: number, more: Partial<BatchRecord> = {}): BatchRecord {
  return {
    key: Buffer.from(`key-${n}`),
    value: Buffer.from(`value-${n}`),
    headers: [[Buffer.from('zt-seq'), Buffer.from(String(n))]],
    timestampMs: at + n,
    ...more,
  };
}

/** What the broker does when it appends: it gives the batch its offset, which the checksum does not cover. */
function placed(batch: Buffer, baseOffset: number): Buffer {
  const copy = Buffer.from(batch);
  copy.writeBigInt64BE(BigInt(baseOffset), 0);
  return copy;
}

function marked(batch: Buffer, attributes: number, producerId: bigint): Buffer {
  const copy = Buffer.from(batch);
  copy.writeInt16BE(attributes, 21);
  copy.writeBigInt64BE(producerId, 43);
  copy.writeUInt32BE(crc32c(copy, 21, copy.length), 17);
  return copy;
}

describe('record batches', () => {
  it.each([false, true])(
    'are byte for byte those of the client library; transactional: %s',
    async (transactional) => {
      const records = [record(0), record(1, { value: null }), record(2, { key: null, headers: [] })];
      const ours = await writeRecordBatch(records, { ...identity, transactional }, 64);
      const theirs = await kafkajsBatch.RecordBatch({
        firstTimestamp: at,
        maxTimestamp: at + 2,
        lastOffsetDelta: 2,
        partitionLeaderEpoch: -1,
        producerId: 77,
        producerEpoch: 3,
        firstSequence: 12,
        transactional,
        records: records.map(({ key, value, headers, timestampMs }, i) => {
          const asObject = Object.fromEntries(headers.map(([name, text]) => [String(name), text]));
          const timestampDelta = timestampMs - at;
          return kafkajsRecord({ offsetDelta: i, timestampDelta, key, value, headers: asObject });
        }),
      });
      expect(ours.equals(theirs.buffer)).toBe(true);
    },
  );

  it('come back as they went in, compressed, with times out of order', async () => {
    const records = Array.from({ length: 500 }, (_, n) =>
      record(n, { timestampMs: at + ((n * 37) % 91) * 1e9 }),
    );
    const batch = placed(await writeRecordBatch(records, identity, 64), 1_000);
    expect(batch.readInt16BE(21)).toBe(4);
    const read = readRecordSet(batch, 1_000, []);
    expect(read.nextOffset).toBe(1_500);
    expect(read.records.map((r) => [r.offset, r.timestampMs, String(r.key), String(r.value)])).toEqual(
      records.map((r, n) => [1_000 + n, r.timestampMs, String(r.key), String(r.value)]),
    );
    expect(String(read.records[499]?.headers['zt-seq'])).toBe('499');
  });

  it('pass headers on as they lie in another batch', async () => {
    const headers: BatchRecord['headers'] = [
      [Buffer.from('zt-boot'), Buffer.from('b')],
      [Buffer.from('empty'), Buffer.alloc(0)],
    ];
    const read = readRecordSet(
      await writeRecordBatch([record(0, { headers }), record(1)], identity, 64),
      0,
      [],
    );
    const passed = read.records.map(({ offset, headerBytes = Buffer.alloc(0) }) =>
      record(offset, { headers: [], headerBytes }),
    );
    const again = readRecordSet(await writeRecordBatch(passed, identity, 64), 0, []);
    expect(again.records.map((each) => each.headers)).toEqual(read.records.map((each) => each.headers));
    expect(Object.keys(again.records[0]?.headers ?? {})).toEqual(['zt-boot', 'empty']);
  });

  it('keep null keys, tombstones and records without headers', async () => {
    const batch = await writeRecordBatch([record(0, { key: null, value: null, headers: [] })], identity, 64);
    const [only] = readRecordSet(batch, 0, []).records;
    expect([only?.key, only?.value, only?.headers]).toEqual([null, null, {}]);
  });

  it('leave out what lies before the position and what the broker cut off', async () => {
    const whole = await writeRecordBatch([record(0), record(1), record(2)], identity, 64);
    const set = Buffer.concat([placed(whole, 10), placed(whole, 13).subarray(0, 70)]);
    const read = readRecordSet(set, 12, []);
    expect(read.records.map(({ offset }) => offset)).toEqual([12]);
    expect(read.nextOffset).toBe(13);
  });

  it('move the position over control markers and aborted transactions without showing them', async () => {
    const one = await writeRecordBatch([record(0), record(1)], identity, 64);
    const marker = await writeRecordBatch([record(9)], identity, 64);
    const set = Buffer.concat([
      placed(marked(one, 0x10, 5n), 0), // aborted
      placed(marked(one, 0x10, 6n), 2), // committed, of another producer
      placed(marked(marker, 0x30, 5n), 4), // abort marker
      placed(marked(one, 0x10, 5n), 5), // the same producer's next transaction
      placed(marked(marker, 0x30, 5n), 7),
    ]);
    const read = readRecordSet(set, 0, [{ producerId: 5n, firstOffset: 0 }]);
    expect(read.records.map(({ offset }) => offset)).toEqual([2, 3, 5, 6]);
    expect(read.nextOffset).toBe(8);
  });

  it('are refused when a bit has changed on the way', async () => {
    const batch = await writeRecordBatch([record(0)], identity, 64);
    batch[batch.length - 1] = (batch[batch.length - 1] ?? 0) ^ 1;
    expect(() => readRecordSet(batch, 0, [])).toThrow(
      expect.objectContaining({ code: 'ZT-HIGHWAY-CORRUPT' }),
    );
  });

  it.each([0, 63, 64, -64, -65, 8_191, 8_192, 2 ** 31, -(2 ** 31), 2 ** 45])(
    'size the varint %d',
    (value) => {
      const zigzag = value < 0 ? BigInt(value) * -2n - 1n : BigInt(value) * 2n;
      expect(sizeOfVarint(value)).toBe(Math.max(1, Math.ceil(zigzag.toString(2).length / 7)));
    },
  );
});
