import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';

/** One record as an outside reader saw it. */
export interface ReadRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly record: string | null;
  readonly value: unknown;
  readonly error?: string;
}

export interface Agreement {
  readonly compared: number;
  readonly unreadable: number;
  /** The first differences, in words. */
  readonly differences: readonly string[];
}

/** What a reader wrote, by place. A place that comes twice is a failure of the reader. */
export async function readLines(path: string): Promise<Map<string, ReadRecord>> {
  const records = new Map<string, ReadRecord>();
  for await (const line of createInterface({ input: createReadStream(path) })) {
    if (line === '') continue;
    const record = JSON.parse(line) as ReadRecord;
    const place = placeOf(record);
    if (records.has(place)) throw new Error(`${path} has ${place} twice`);
    records.set(place, record);
  }
  return records;
}

/**
 * Compares what two readers saw, record for record: the same places, keys, record types and values. A record that
 * neither can read counts as unreadable, not as a difference.
 */
export function compare(a: Map<string, ReadRecord>, b: Map<string, ReadRecord>): Agreement {
  const differences: string[] = [];
  let unreadable = 0;
  for (const [place, left] of a) {
    const right = b.get(place);
    if (right === undefined) differences.push(`${place}: only the first reader has it`);
    else if (left.error !== undefined && right.error !== undefined) unreadable++;
    else differences.push(...differencesOf(place, left, right));
  }
  for (const place of b.keys()) {
    if (!a.has(place)) differences.push(`${place}: only the second reader has it`);
  }
  return { compared: a.size, unreadable, differences: differences.slice(0, 20) };
}

function differencesOf(place: string, left: ReadRecord, right: ReadRecord): string[] {
  if (left.error !== right.error) return [`${place}: ${left.error ?? 'read'} <> ${right.error ?? 'read'}`];
  const found: string[] = [];
  if (left.key !== right.key) found.push(`${place}: keys differ`);
  if (left.record !== right.record) found.push(`${place}: ${left.record} <> ${right.record}`);
  if (!isDeepStrictEqual(left.value, right.value)) {
    found.push(`${place}: values differ at ${firstDifference(left.value, right.value)}`);
  }
  return found;
}

/** Path of the first difference, so that a report of one line is enough to find the cause. */
function firstDifference(left: unknown, right: unknown, path = ''): string {
  if (isRecord(left) && isRecord(right)) {
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      if (!isDeepStrictEqual(left[key], right[key])) {
        return firstDifference(left[key], right[key], `${path}/${key}`);
      }
    }
  }
  return `${path} (${JSON.stringify(left)?.slice(0, 80)} <> ${JSON.stringify(right)?.slice(0, 80)})`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function placeOf(record: ReadRecord): string {
  return `${record.topic}-${record.partition}-${record.offset}`;
}
