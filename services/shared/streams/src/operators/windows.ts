import type { Context } from '../context.ts';
import { StreamsError } from '../errors.ts';

/** Spans of equal size, one beginning at each multiple of `everyMs`: start <= time < start + size. */
export interface Windows {
  readonly sizeMs: number;
  readonly everyMs: number;
}

/** A result for one span of time. */
export interface Span<A> {
  readonly startMs: number;
  readonly endMs: number;
  readonly value: A;
}

/** Windows that touch but do not overlap: each time lies in one. */
export function tumbling(sizeMs: number): Windows {
  return hopping(sizeMs, sizeMs);
}

/** Windows that overlap: each time lies in about size / every of them. */
export function hopping(sizeMs: number, everyMs: number): Windows {
  if (!(everyMs > 0 && sizeMs >= everyMs)) {
    throw new StreamsError('ZT-STREAMS-TOPOLOGY', `windows of ${sizeMs} ms cannot begin every ${everyMs} ms`);
  }
  return { sizeMs, everyMs };
}

/** The starts of all windows that hold a time, earliest first. */
export function startsOf({ sizeMs, everyMs }: Windows, timeMs: number): number[] {
  const starts: number[] = [];
  for (let start = Math.floor(timeMs / everyMs) * everyMs; start > timeMs - sizeMs; start -= everyMs) {
    starts.push(start);
  }
  return starts.reverse();
}

/**
 * The one rule of lateness: more than the grace behind stream time. Such a record goes to the late ones and has no
 * part in any result. What is not late finds every window that holds it still open, however long its timer waits,
 * so results depend neither on where commits fall nor on how inputs interleave.
 */
export function isLate(timeMs: number, graceMs: number, context: Context): boolean {
  if (timeMs >= context.streamTimeMs - graceMs) return false;
  context.late(context.streamTimeMs - timeMs);
  return true;
}

/** Stream time may be this much ahead of a look into a window store without harm. */
const SLACK_MS = 60_000;

/** Retention = window + grace + slack, dropped in about four pieces. */
export function retentionFor(spanMs: number): { readonly retentionMs: number; readonly segmentMs: number } {
  return { retentionMs: spanMs + SLACK_MS, segmentMs: Math.max(SLACK_MS, Math.ceil(spanMs / 4)) };
}
