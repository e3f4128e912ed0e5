import type { TimerName } from '../context.ts';
import { StreamsError } from '../errors.ts';
import type { Serde } from '../serde.ts';
import type { LocalKeyed } from '../store/local-state.ts';
import { requireKey } from '../store/window-key.ts';
import { timersByDueStore, timersStore } from '../topology/names.ts';
import type { TimerDefinition } from '../topology/types.ts';
import type { Effects } from './effects.ts';
import { KeyedBuffer } from './keyed-buffer.ts';
import { comesBefore, type StoredTimer, TimerHeap } from './timer-heap.ts';

/** How many timers are read ahead from the local store. */
const CHUNK = 512;

/**
 * The timers of one topology in a task. The index (by name and key) says which timers there are and has a
 * changelog; the order by due time is derived from it and only kept locally. What lies in the order and not in
 * the index any more was cancelled, replaced or taken back, and is passed over.
 */
export class Timers {
  /** No timer is due before this; may be too early, never too late. */
  nextDueMs = Number.NEGATIVE_INFINITY;
  readonly index: KeyedBuffer<number>;
  readonly byDueStore: string;
  readonly #indexLocal: LocalKeyed;
  readonly #byDue: LocalKeyed;
  readonly #definitions: ReadonlyMap<string, TimerDefinition>;
  /** Set since the last cut. */
  #fresh = new TimerHeap();
  /** Read ahead from the order by due time. */
  #chunk: StoredTimer[] = [];
  #at = 0;
  /** The last key read ahead; undefined: nothing read yet, null: all is read. */
  #readUpTo: string | null | undefined;

  constructor(
    topology: string,
    definitions: readonly TimerDefinition[],
    local: (store: string) => LocalKeyed,
    effects: Effects,
  ) {
    this.#definitions = new Map(definitions.map((timer) => [timer.name, timer]));
    this.#indexLocal = local(timersStore(topology));
    this.index = new KeyedBuffer(timersStore(topology), DUE_TIME, this.#indexLocal, effects);
    this.byDueStore = timersByDueStore(topology);
    this.#byDue = local(this.byDueStore);
  }

  wakeAt({ name }: TimerName, key: string, dueMs: number): void {
    if (this.#definitions.get(name) === undefined) {
      throw new StreamsError('ZT-STREAMS-UNKNOWN-NAME', `no part of the topology names the timer "${name}"`);
    }
    if (!(dueMs >= 0 && dueMs < LATEST_MS)) {
      throw new StreamsError('ZT-STREAMS-TIMER', `timer "${name}" cannot be due at ${dueMs}`);
    }
    const due = Math.ceil(dueMs);
    const at = indexKey(name, key);
    requireKey(orderKey(at, due));
    this.index.put(at, due);
    this.#fresh.push({ name, key, dueMs: due });
    if (due < this.nextDueMs) this.nextDueMs = due;
  }

  cancel({ name }: TimerName, key: string): void {
    const at = indexKey(name, key);
    if (this.index.get(at) !== undefined) this.index.delete(at);
  }

  /** The first timer that is due; it stays until `done`. */
  due(streamTimeMs: number): StoredTimer | null {
    if (streamTimeMs < this.nextDueMs) return null;
    for (;;) {
      const next = this.#next();
      if (next === null) {
        this.nextDueMs = Number.POSITIVE_INFINITY;
        return null;
      }
      const timer = next.timer;
      if (this.index.get(indexKey(timer.name, timer.key)) === timer.dueMs) {
        if (timer.dueMs <= streamTimeMs) return timer;
        this.nextDueMs = timer.dueMs;
        return null;
      }
      if (next.isFresh) this.#fresh.pop();
      else this.#at += 1;
    }
  }

  definition(name: string): TimerDefinition | undefined {
    return this.#definitions.get(name);
  }

  done({ name, key }: StoredTimer): void {
    this.index.delete(indexKey(name, key));
  }

  /** What becomes of the order by due time; in step with the changes of the index. */
  orderChanges(): readonly (readonly [key: string, value: Buffer | null])[] {
    const changes: (readonly [string, Buffer | null])[] = [];
    for (const { key, bytes } of this.index.writes()) {
      changes.push(...reordered(key, this.#indexLocal.get(key), bytes));
    }
    return changes;
  }

  applied(): void {
    this.index.applied();
    this.#fresh = new TimerHeap();
    this.#chunk = [];
    this.#at = 0;
    this.#readUpTo = undefined;
  }

  /** As of the last commit. */
  get pending(): number {
    return this.#indexLocal.count();
  }

  #next(): { readonly timer: StoredTimer; readonly isFresh: boolean } | null {
    const fresh = this.#fresh.peek();
    const stored = this.#chunk[this.#at] ?? this.#readOn();
    if (stored === undefined) return fresh === undefined ? null : { timer: fresh, isFresh: true };
    if (fresh === undefined || comesBefore(stored, fresh)) return { timer: stored, isFresh: false };
    return { timer: fresh, isFresh: true };
  }

  #readOn(): StoredTimer | undefined {
    if (this.#readUpTo === null) return undefined;
    const from = this.#readUpTo === undefined ? undefined : `${this.#readUpTo}\0`;
    this.#chunk = [];
    this.#at = 0;
    let last: string | null = null;
    for (const [key] of this.#byDue.range(from)) {
      this.#chunk.push(parseOrderKey(key));
      if (this.#chunk.length < CHUNK) continue;
      last = key;
      break;
    }
    this.#readUpTo = last;
    return this.#chunk[0];
  }
}

/** How the order by due time changes when a timer's entry in the index does. */
export function reordered(
  key: string,
  before: Buffer | undefined,
  after: Buffer | null,
): readonly (readonly [key: string, value: Buffer | null])[] {
  const changes: (readonly [string, Buffer | null])[] = [];
  if (before !== undefined) changes.push([orderKey(key, DUE_TIME.decode(before)), null]);
  if (after !== null) changes.push([orderKey(key, DUE_TIME.decode(after)), PRESENT]);
  return changes;
}

const LATEST_MS = 1e15;
const DUE_DIGITS = 15;
const PRESENT = Buffer.from([1]);

const DUE_TIME: Serde<number> = {
  name: 'due-time',
  encode(dueMs) {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeDoubleBE(dueMs);
    return bytes;
  },
  decode: (bytes) => bytes.readDoubleBE(0),
};

/** Names hold no zero byte, so what stands before the first one is the name. */
function indexKey(name: string, key: string): string {
  return `${name}\0${key}`;
}

function orderKey(index: string, dueMs: number): string {
  const end = index.indexOf('\0');
  return `${String(dueMs).padStart(DUE_DIGITS, '0')}${index.slice(end + 1)}\0${index.slice(0, end)}`;
}

function parseOrderKey(order: string): StoredTimer {
  const end = order.lastIndexOf('\0');
  return {
    dueMs: Number(order.slice(0, DUE_DIGITS)),
    key: order.slice(DUE_DIGITS, end),
    name: order.slice(end + 1),
  };
}
