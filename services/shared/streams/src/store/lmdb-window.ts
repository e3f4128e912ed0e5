import type { Database } from 'lmdb';
import type { KeyEncoder, LmdbEnvironment, StoreSize } from './lmdb-environment.ts';
import { Ranges, readValue, sizeOf } from './lmdb-environment.ts';
import type { LocalWindow, WindowBytes, WindowChange } from './local-state.ts';
import { requireSegmentMs } from './mark.ts';
import {
  encodeWindowKey,
  isKeyStorable,
  keyEnd,
  readKey,
  readSequence,
  requireWindowKey,
  writeKeyPrefix,
  writeSequence,
} from './window-key.ts';

/** A key, the time within its segment, a sequence. */
type SegmentKey = [key: string, offsetMs: number, sequence: number];
interface Segment {
  readonly database: Database<Buffer, SegmentKey>;
  readonly ranges: Ranges<SegmentKey>;
}

/**
 * Keys within a segment: as in the changelog, but the time counts from the segment's start, in as few bytes as its
 * width needs, and an entry at the very start without a sequence has neither: there are stores of nothing else.
 */
export function segmentKeys(segmentMs: number): KeyEncoder<SegmentKey> {
  const timeBytes = Math.max(1, Math.ceil(Math.log2(segmentMs + 1) / 8));
  return {
    writeKey([key, offsetMs, sequence], target, at) {
      const next = writeKeyPrefix(key, target, at);
      if (offsetMs === 0 && sequence === 0) return next;
      return writeSequence(sequence, target, target.writeUIntBE(offsetMs, next, timeBytes));
    },
    readKey(bytes, start, end) {
      const timeAt = keyEnd(bytes, start);
      const key = readKey(bytes, start, timeAt);
      if (timeAt === end) return [key, 0, 0];
      const offsetMs = bytes.readUIntBE(timeAt, timeBytes);
      return [key, offsetMs, readSequence(bytes, timeAt + timeBytes, end)];
    },
  };
}

/** One window store: a database for each segment, so that old ones are dropped whole. */
export class LmdbWindow implements LocalWindow {
  readonly #store: string;
  readonly #environment: LmdbEnvironment;
  /** By start, in the order of time. */
  #segments = new Map<number, Segment>();
  #segmentMs: number | undefined;

  constructor(store: string, environment: LmdbEnvironment) {
    this.#store = store;
    this.#environment = environment;
  }

  get segmentMs(): number | undefined {
    return this.#segmentMs;
  }

  get(key: string, timeMs: number, sequence: number): Buffer | undefined {
    const startMs = Math.floor(timeMs / (this.#segmentMs ?? 1)) * (this.#segmentMs ?? 1);
    const segment = this.#segments.get(startMs);
    if (segment === undefined || !isKeyStorable(key)) return undefined;
    return readValue(segment.database, [key, timeMs - startMs, sequence]);
  }

  *fetch(key: string, fromMs: number, toMs: number): Generator<WindowBytes> {
    const segmentMs = this.#segmentMs;
    if (segmentMs === undefined || !isKeyStorable(key)) return;
    for (const [startMs, segment] of this.#segments) {
      if (startMs + segmentMs <= fromMs || startMs > toMs) continue;
      const start: SegmentKey = [key, Math.max(0, Math.ceil(fromMs) - startMs), 0];
      const end: SegmentKey = [key, Math.min(segmentMs, Math.floor(toMs) - startMs + 1), 0];
      for (const { key: found, value } of segment.ranges.between(start, end)) {
        yield { timeMs: startMs + found[1], sequence: found[2], value };
      }
    }
  }

  *entries(): Generator<readonly [key: Buffer, value: Buffer]> {
    for (const [startMs, segment] of this.#segments) {
      for (const { key, value } of segment.ranges.between(FIRST)) {
        yield [encodeWindowKey(key[0], startMs + key[1], key[2]), value];
      }
    }
  }

  /** Not within a transaction. */
  openSegment(segmentMs: number, startMs: number): void {
    this.#segmentMs = segmentMs;
    if (this.#segments.has(startMs)) return;
    const name = segmentName(this.#store, segmentMs, startMs);
    const database = this.#environment.database(name, segmentKeys(segmentMs));
    this.#segments.set(startMs, { database, ranges: new Ranges(database) });
    this.#segments = new Map([...this.#segments].sort(([left], [right]) => left - right));
  }

  /** Opens the segments that the entries need. Not within a transaction. */
  prepare({ store, segmentMs, entries, dropBeforeMs = Number.NEGATIVE_INFINITY }: WindowChange): void {
    requireSegmentMs(store, this.#segmentMs ?? segmentMs, segmentMs);
    for (const entry of entries) {
      requireWindowKey(entry);
      const startMs = Math.floor(entry.timeMs / segmentMs) * segmentMs;
      if (startMs + segmentMs > dropBeforeMs) this.openSegment(segmentMs, startMs);
    }
  }

  /** Within a transaction, behind `prepare`. What it drops is to be forgotten when that is committed. */
  write({ segmentMs, entries, dropBeforeMs = Number.NEGATIVE_INFINITY }: WindowChange): void {
    for (const { key, timeMs, sequence, value } of entries) {
      const startMs = Math.floor(timeMs / segmentMs) * segmentMs;
      const segment = this.#segments.get(startMs);
      if (segment === undefined || startMs + segmentMs <= dropBeforeMs) continue;
      const place: SegmentKey = [key, timeMs - startMs, sequence];
      if (value === null) segment.database.removeSync(place);
      else segment.database.putSync(place, value);
    }
    for (const [, segment] of this.#before(dropBeforeMs)) segment.database.dropSync();
  }

  forget(dropBeforeMs: number): void {
    for (const [startMs] of this.#before(dropBeforeMs)) this.#segments.delete(startMs);
  }

  /** Within a transaction; `forgetAll` when it is committed. */
  clear(): void {
    for (const segment of this.#segments.values()) segment.database.dropSync();
  }

  forgetAll(): void {
    this.#segments.clear();
    this.#segmentMs = undefined;
  }

  size(): StoreSize {
    const sizes = [...this.#segments.values()].map((segment) => sizeOf(segment.database));
    return {
      bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
      entries: sizes.reduce((sum, { entries }) => sum + entries, 0),
    };
  }

  #before(timeMs: number): [startMs: number, segment: Segment][] {
    const segmentMs = this.#segmentMs ?? 0;
    return [...this.#segments].filter(([startMs]) => startMs + segmentMs <= timeMs);
  }
}

/** Sorts before all keys. */
const FIRST: SegmentKey = ['', 0, 0];

function segmentName(store: string, segmentMs: number, startMs: number): string {
  return `window/${segmentMs}/${startMs}/${store}`;
}

/** Reads the name of a segment's database; null when it is another's. */
export function parseSegmentName(
  name: string,
): { readonly store: string; readonly segmentMs: number; readonly startMs: number } | null {
  const [, segmentMs, startMs, store] = /^window\/(\d+)\/(-?\d+)\/(.+)$/s.exec(name) ?? [];
  if (store === undefined) return null;
  return { store, segmentMs: Number(segmentMs), startMs: Number(startMs) };
}
