import { glob, readFile } from 'node:fs/promises';

const crcAt = 17;
const coveredFrom = 21;
const codecMask = 7;

/** The first segment of a topic's partition 0 on the broker's disk. */
export interface LogFile {
  readonly path: string;
  bytes(): Promise<Buffer>;
}

export async function logFile(directory: string, topic: string): Promise<LogFile> {
  for await (const path of glob(`${directory}/**/${topic}-0/00000000000000000000.log`)) {
    return { path, bytes: () => readFile(path) };
  }
  throw new Error(`no log of ${topic} in ${directory}`);
}

/** The record batches of a segment, where they lie and how they are compressed. */
export function batchesOf(segment: Buffer): { at: number; bytes: Buffer; codec: number }[] {
  const batches = [];
  for (let at = 0; at + crcAt < segment.length; ) {
    const end = at + 12 + segment.readInt32BE(at + 8);
    const bytes = segment.subarray(at, end);
    batches.push({ at, bytes, codec: bytes.readInt16BE(coveredFrom) & codecMask });
    at = end;
  }
  return batches;
}

/** Makes a batch that was changed a valid one: CRC-32C bit by bit, apart from the code under test. */
export function withChecksum(batch: Buffer): Buffer {
  let crc = -1;
  for (const byte of batch.subarray(coveredFrom)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  batch.writeUInt32BE((crc ^ -1) >>> 0, crcAt);
  return batch;
}
