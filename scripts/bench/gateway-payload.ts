import { writeFile } from 'node:fs/promises';
import type { Highway } from '@zhongtai/highway';
import { topics } from '@zhongtai/schemas';

/** Records taken of each topic, in the proportion of the load. */
const wanted: Readonly<Record<string, number>> = {
  'inbound.marketing': 14_000,
  'inbound.beacon': 4000,
  'inbound.order': 2000,
};

export interface Payload {
  readonly records: number;
  /** Mean bytes of an encoded record of the load. */
  readonly recordBytes: number;
}

/** Values of records as they lie on the highway. */
async function encodedRecords(highway: Highway): Promise<Buffer[]> {
  const taken = new Map<string, Buffer[]>(Object.keys(wanted).map((topic) => [topic, []]));
  const isFull = (): boolean => [...taken].every(([topic, values]) => values.length >= (wanted[topic] ?? 0));
  const owner = highway.ownPartitions({
    groupId: 'bench-payload',
    topics: Object.keys(wanted).flatMap((name) => topics[name] ?? []),
    onAssigned: async ({ partitions }) => {
      for (const { earliest, ...place } of await owner.bounds(partitions)) owner.go(place, earliest);
    },
    onRevoked: async () => undefined,
    onBatch: async ({ topic, records }) => {
      const values = taken.get(topic) ?? [];
      const room = (wanted[topic] ?? 0) - values.length;
      for (const { value } of records.slice(0, Math.max(0, room))) if (value !== null) values.push(value);
    },
  });
  await owner.start();
  const giveUpAt = Date.now() + 30_000;
  while (!isFull() && Date.now() < giveUpAt) await new Promise((resolve) => setTimeout(resolve, 50));
  await owner.stop();
  if (!isFull()) throw new Error('the highway does not hold enough records of the load');
  return [...taken.values()].flat();
}

/** Letters that the tool would split at. */
const newline = 0x0a;
const verticalTab = 0x0b;

/**
 * Writes the load's own encoded records for ProducerPerformance. The tool reads text only (UTF-8, one record a
 * line), so the top bit of each byte is cleared and newlines are replaced: every record keeps its length, its
 * repetitions and with them nearly its compressibility, which random or base64 text would not have.
 */
export async function writePayload(highway: Highway, path: string): Promise<Payload> {
  const records = await encodedRecords(highway);
  const lines = records.map((record) => {
    const line = Buffer.allocUnsafe(record.length + 1);
    record.forEach((byte, at) => {
      const letter = byte & 0x7f;
      line[at] = letter === newline ? verticalTab : letter;
    });
    line[record.length] = newline;
    return line;
  });
  const text = Buffer.concat(lines);
  await writeFile(path, text.subarray(0, text.length - 1));
  return { records: records.length, recordBytes: Math.round(text.length / records.length - 1) };
}
