import { messageOf, StreamsError } from '../errors.ts';
import type { LogPage, LogReader, Place } from '../log-port.ts';
import type { LocalState } from '../store/local-state.ts';
import type { GlobalView } from '../task/types.ts';
import { backoffMs, isWorthSaying, pause } from './failures.ts';
import type { EngineLogger } from './options.ts';

export interface GlobalTableParts {
  readonly topic: string;
  readonly partitions: number;
  readonly reader: LogReader;
  readonly state: LocalState;
  readonly clock: () => number;
  readonly deleteRetentionMs: number;
  readonly prepare: (values: Iterable<Buffer | null>) => Promise<void> | null;
  readonly logger: EngineLogger;
}

/** How often a copy that is followed asks for the ends, and says that it stood there when it has come to them. */
const stampEveryMs = 60_000;

/** The whole of a table's topic, followed by this process; one copy for all its tasks. */
export class GlobalTable implements GlobalView {
  readonly #parts: GlobalTableParts;
  readonly #ending = new AbortController();
  readonly #waiting = new Set<() => void>();
  #following: Promise<unknown> = Promise.resolve();
  #askedMs = 0;
  /** The ends as they were at a moment; the copy stood there when every partition has come to its own. */
  #goal: { readonly atMs: number; readonly offsets: readonly number[] } | null = null;

  constructor(parts: GlobalTableParts) {
    this.#parts = parts;
  }

  get topic(): string {
    return this.#parts.topic;
  }

  get(key: string): Buffer | undefined {
    return this.#parts.state.keyed(this.#parts.topic).get(key);
  }

  offsets(): readonly number[] {
    return this.#places().map((place) => this.#offset(place) ?? 0);
  }

  /** Reads to the ends as they are now, then follows. */
  async start(): Promise<void> {
    const bounds = await this.#parts.reader.bounds(this.#places());
    const identity = (await this.#parts.reader.identities([this.topic])).get(this.topic);
    const startedMs = this.#parts.clock();
    const reason = this.#distrust(bounds, identity, startedMs);
    if (reason !== null) {
      this.#parts.logger.error(
        { topic: this.topic, reason },
        'copy of a global table is rebuilt from the log',
      );
      this.#parts.state.clear();
    }
    if (this.#parts.state.mark === null) this.#adopt(identity, startedMs);
    for (const bound of bounds) {
      for (let offset = this.#offset(bound) ?? bound.earliest; offset < bound.end; ) {
        const page = await this.#parts.reader.read(bound, offset);
        if (page === null) throw moved(bound, offset);
        await this.#take(bound, page, startedMs);
        offset = page.nextOffset;
      }
      if (this.#offset(bound) === undefined) this.#apply(bound, [], bound.earliest, startedMs);
    }
    this.#stamp(startedMs);
    this.#askedMs = startedMs;
    this.#following = Promise.all(this.#places().map((place) => this.#follow(place)));
  }

  /**
   * Resolves when the copy holds at least these offsets, by partition. Offsets behind the ends of the log are those of
   * another log that was there before, and are not waited for.
   */
  async reached(offsets: readonly number[], signal: AbortSignal): Promise<void> {
    if (this.#holds(offsets)) return;
    const { topic } = this;
    const bounds = await this.#parts.reader.bounds(this.#places());
    const ends = new Map(bounds.map(({ partition, end }) => [partition, end]));
    const inLog = offsets.map((offset, partition) => Math.min(offset, ends.get(partition) ?? 0));
    if (offsets.some((offset, partition) => offset !== inLog[partition])) {
      const message = 'a global table has less than the last commit saw: its topic is another one';
      this.#parts.logger.error({ topic, offsets, ends: inLog }, message);
    }
    if (this.#holds(inLog)) return;
    this.#parts.logger.warn({ topic, offsets: inLog, at: this.offsets() }, 'task waits for a global table');
    while (!signal.aborted && !this.#holds(inLog)) await this.#moved();
  }

  #holds(offsets: readonly number[]): boolean {
    const present = this.offsets();
    return offsets.every((offset, partition) => (present[partition] ?? 0) >= offset);
  }

  /** Resolves when something was read, or after a moment. */
  #moved(): Promise<void> {
    return new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, 100);
      this.#waiting.add(done);
    });
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#parts.reader.close();
    await this.#following;
    await this.#parts.state.close();
  }

  #places(): Place[] {
    const { topic, partitions } = this.#parts;
    return Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  }

  #offset({ topic, partition }: Place): number | undefined {
    return this.#parts.state.mark?.changelogs[`${topic}/${partition}`];
  }

  #distrust(
    bounds: readonly (Place & { earliest: number; end: number })[],
    identity: string | undefined,
    nowMs: number,
  ): string | null {
    const { mark } = this.#parts.state;
    if (mark === null) return null;
    if (mark.logs?.[this.topic] !== identity) return 'its topic is another one';
    if (nowMs - mark.atEndMs > this.#parts.deleteRetentionMs / 2)
      return 'it last stood at the end too long ago';
    for (const bound of bounds) {
      const at = this.#offset(bound);
      if (at !== undefined && (at > bound.end || at < bound.earliest)) return 'its offset is not in the log';
    }
    return null;
  }

  async #follow(place: Place): Promise<void> {
    const { signal } = this.#ending;
    for (let attempt = 0; !signal.aborted; ) {
      try {
        const offset = this.#offset(place) ?? 0;
        const page = await this.#parts.reader.read(place, offset);
        if (signal.aborted) return;
        if (page === null) throw moved(place, offset);
        await this.#take(place, page, this.#parts.clock());
        await this.#stampWhenThere(this.#parts.clock());
        attempt = 0;
      } catch (error) {
        if (signal.aborted) return;
        attempt += 1;
        const reason = messageOf(error);
        if (isWorthSaying(attempt))
          this.#parts.logger.warn({ ...place, attempt, reason }, 'global table waits');
        await pause(backoffMs(attempt), signal);
      }
    }
  }

  async #take(place: Place, page: LogPage, nowMs: number): Promise<void> {
    await this.#parts.prepare(page.records.map(({ value }) => value));
    if (page.nextOffset !== this.#offset(place)) {
      const entries = page.records.map(({ key, value }) => [String(key), value] as const);
      this.#apply(place, entries, page.nextOffset, nowMs);
    }
    for (const done of this.#waiting) done();
  }

  /** A partition that is stuck keeps the whole copy at the time when it last stood at its end. */
  async #stampWhenThere(nowMs: number): Promise<void> {
    if (this.#goal === null) {
      if (nowMs - this.#askedMs < stampEveryMs) return;
      this.#askedMs = nowMs;
      const bounds = await this.#parts.reader.bounds(this.#places());
      const ends = bounds.toSorted((left, right) => left.partition - right.partition);
      this.#goal = { atMs: nowMs, offsets: ends.map(({ end }) => end) };
    }
    if (this.#ending.signal.aborted || this.#goal === null || !this.#holds(this.#goal.offsets)) return;
    this.#stamp(this.#goal.atMs);
    this.#goal = null;
  }

  /** Remembers, before anything is read of it, which log this is. */
  #adopt(identity: string | undefined, startedMs: number): void {
    const logs = identity === undefined ? {} : { [this.topic]: identity };
    const mark = { sequence: 1, changelogs: {}, logs, atEndMs: startedMs };
    this.#parts.state.apply({ from: 0, mark, keyed: [], windows: [] });
  }

  #apply(
    { topic, partition }: Place,
    entries: readonly (readonly [string, Buffer | null])[],
    nextOffset: number,
    startedMs: number,
  ): void {
    const { state } = this.#parts;
    const { mark } = state;
    const from = mark?.sequence ?? 0;
    state.apply({
      from,
      mark: {
        ...mark,
        sequence: from + 1,
        changelogs: { ...mark?.changelogs, [`${topic}/${partition}`]: nextOffset },
        atEndMs: mark?.atEndMs ?? startedMs,
      },
      keyed: [{ store: topic, entries }],
      windows: [],
    });
  }

  /** All partitions stood at their ends. */
  #stamp(atEndMs: number): void {
    const { mark } = this.#parts.state;
    if (mark === null) return;
    const stamped = { ...mark, sequence: mark.sequence + 1, atEndMs };
    this.#parts.state.apply({ from: mark.sequence, mark: stamped, keyed: [], windows: [] });
  }
}

function moved({ topic, partition }: Place, offset: number): StreamsError {
  const message = `${topic}/${partition}: offset ${offset} is not in the log any more`;
  return new StreamsError('ZT-STREAMS-CHANGELOG-MOVED', message);
}
