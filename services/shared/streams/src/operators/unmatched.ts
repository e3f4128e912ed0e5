import type { KeyedStore, TimerContext } from '../context.ts';
import type { Serde } from '../serde.ts';
import type { KeyedStoreDefinition } from '../topology/types.ts';

/** A record of one side that has found nothing on the other side yet. */
export interface Waiting<V> {
  /** From this stream time on nothing can come that it would match. */
  readonly closeMs: number;
  readonly timeMs: number;
  readonly value: V;
  readonly entry: string;
}

export interface Unmatched<V> {
  readonly store: KeyedStoreDefinition<V>;
  /** Gives the time when its waiting is over. */
  add(context: TimerContext, key: string, timeMs: number, sequence: number, value: V): number;
  /** Gives the time when its waiting would have been over; null when it was not waiting. */
  remove(context: TimerContext, key: string, timeMs: number, sequence: number): number | null;
  /** A key's waiting records, those that close first first. Do not write to the store while reading it. */
  of(context: TimerContext, key: string): Iterable<Waiting<V>>;
}

/** Numbers of equal length, so that text is in the order of the numbers; times before 1970 too. */
const TIME_BASE = 2 ** 52;
const DIGITS = 16;
const TAIL = 1 + 2 * DIGITS;

/**
 * Records that wait, by key and in the order in which they close. A keyed store: they must be found when they
 * close, however far stream time has jumped meanwhile.
 */
export function unmatched<V>(name: string, serde: Serde<V>, waitMs: number): Unmatched<V> {
  const store: KeyedStoreDefinition<V> = { kind: 'keyed', name, serde };
  // By the record's own time: the wait is configuration, and what waits already must be found when it has changed.
  const entryOf = (key: string, timeMs: number, sequence: number): string =>
    `${key}\0${digits(timeMs + TIME_BASE)}${digits(sequence)}`;
  return {
    store,
    add: (context, key, timeMs, sequence, value) => {
      context.store(store).put(entryOf(key, timeMs, sequence), value);
      return timeMs + waitMs;
    },
    remove: (context, key, timeMs, sequence) => {
      const entries = context.store(store);
      const entry = entryOf(key, timeMs, sequence);
      if (entries.get(entry) === undefined) return null;
      entries.delete(entry);
      return timeMs + waitMs;
    },
    of: (context, key) => waiting(context.store(store), key, waitMs),
  };
}

function* waiting<V>(entries: KeyedStore<V>, key: string, waitMs: number): Generator<Waiting<V>> {
  for (const [entry, value] of entries.range(`${key}\0`, `${key}\u0001`)) {
    // Another key may go on with a zero character of its own.
    if (entry.length !== key.length + TAIL) continue;
    const timeMs = Number(entry.slice(key.length + 1, key.length + 1 + DIGITS)) - TIME_BASE;
    yield { closeMs: timeMs + waitMs, timeMs, value, entry };
  }
}

function digits(value: number): string {
  return String(value).padStart(DIGITS, '0');
}
