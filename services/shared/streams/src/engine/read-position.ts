import type { LogReader, LogRecord, Place } from '../log-port.ts';
import { parsePosition } from '../task/position.ts';
import type { Position } from '../task/types.ts';

/** How far before the end the first look goes; each commit takes two offsets, and few are compacted this soon. */
const firstLook = 64;

/**
 * The position of the last commit; null when there was none. To be called after fencing, when nobody can write
 * another one.
 */
export async function readPosition(reader: LogReader, place: Place): Promise<Position | null> {
  const [bounds] = await reader.bounds([place]);
  if (bounds === undefined || bounds.end === 0) return null;
  for (let span = firstLook; ; span *= 64) {
    const from = Math.max(bounds.earliest, bounds.end - span);
    const found = await lastRecord(reader, place, from, bounds.end);
    if (found?.value != null) return parsePosition(found.value);
    if (from === bounds.earliest) return null;
  }
}

async function lastRecord(
  reader: LogReader,
  place: Place,
  from: number,
  end: number,
): Promise<LogRecord | undefined> {
  let last: LogRecord | undefined;
  for (let offset = from; offset < end; ) {
    const page = await reader.read(place, offset);
    // The first offset moved on while we looked: what was deleted was not the last record.
    if (page === null) return last;
    last = page.records.at(-1) ?? last;
    offset = page.nextOffset;
  }
  return last;
}
