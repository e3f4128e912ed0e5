import type { Context, TimerContext, WindowEntry } from '../context.ts';
import type {
  InputRecord,
  Part,
  StreamTopic,
  TimerDefinition,
  WindowStoreDefinition,
} from '../topology/types.ts';
import { type Unmatched, unmatched, type Waiting } from './unmatched.ts';
import { type Uses, usesOf } from './uses.ts';
import { isLate, retentionFor } from './windows.ts';

/** A record's value and when it happened. */
export interface Timed<T> {
  readonly value: T;
  readonly timeMs: number;
}

export interface WindowJoinOptions<L, R> extends Uses {
  /** Of the part; its stores and its timer bear names that begin with it. */
  readonly name: string;
  readonly left: StreamTopic<L>;
  readonly right: StreamTopic<R>;
  /** They match when left - beforeMs <= right <= left + afterMs. */
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly graceMs: number;
  /** Once for each pair. */
  readonly match: (key: string, left: Timed<L>, right: Timed<R>, context: Context) => void;
  /** Makes it a left join: once for each record without a match, when none can come any more. */
  readonly onlyLeft?: (key: string, left: Timed<L>, context: TimerContext) => void;
  /** The same for the right side; with both it is an outer join. */
  readonly onlyRight?: (key: string, right: Timed<R>, context: TimerContext) => void;
}

/**
 * Records of two topics under one key that happened near each other, whichever came first. Order free: the pairs
 * and the ones left over are the same for every way in which the inputs interleave, while nothing is late.
 */
export function windowJoin<L, R>(options: WindowJoinOptions<L, R>): Part {
  const { name, beforeMs, afterMs, graceMs, match, onlyLeft, onlyRight } = options;
  const left = sideOf(`${name}-left`, options.left, beforeMs, afterMs, graceMs, onlyLeft);
  const right = sideOf(`${name}-right`, options.right, afterMs, beforeMs, graceMs, onlyRight);
  const timer = closingTimer(name, left, right);
  const onLeft = arrival(left, right, graceMs, timer, (key, own, other, context) =>
    match(key, own, other, context),
  );
  const onRight = arrival(right, left, graceMs, timer, (key, own, other, context) =>
    match(key, other, own, context),
  );
  const uses = usesOf(options);
  const waiting = [left.waiting, right.waiting].filter((each) => each !== undefined);
  return {
    name,
    operator: kindOf(options),
    byTime: true,
    inputs: [
      { topic: options.left, kind: 'stream', stage: name, handle: onLeft },
      { topic: options.right, kind: 'stream', stage: name, handle: onRight },
    ],
    ...uses,
    stores: [left.store, right.store, ...waiting.map(({ store }) => store), ...uses.stores],
    timers: [...(waiting.length === 0 ? [] : [timer]), ...uses.timers],
  };
}

function kindOf({
  onlyLeft,
  onlyRight,
}: Pick<WindowJoinOptions<never, never>, 'onlyLeft' | 'onlyRight'>): string {
  if (onlyLeft === undefined && onlyRight === undefined) return 'window join';
  if (onlyRight === undefined) return 'left window join';
  return onlyLeft === undefined ? 'right window join' : 'outer window join';
}

interface Side<V> {
  readonly store: WindowStoreDefinition<V>;
  /** The other side's records that match one of this side lie from `before` earlier to `after` later. */
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly waiting: Unmatched<V> | undefined;
  readonly alone: (key: string, own: Timed<V>, context: TimerContext) => void;
}

function sideOf<V>(
  name: string,
  topic: StreamTopic<V>,
  beforeMs: number,
  afterMs: number,
  graceMs: number,
  alone: Side<V>['alone'] | undefined,
): Side<V> {
  // What is not late yet is at least stream time - grace; nothing after it can come that looks further back.
  const spanMs = afterMs + graceMs;
  return {
    // Kept values of all who came within the retention cost far more memory and collection than reading a few again.
    store: { kind: 'window', name, serde: topic.serde, isCached: false, ...retentionFor(spanMs) },
    beforeMs,
    afterMs,
    waiting: alone === undefined ? undefined : unmatched(`${name}-alone`, topic.serde, spanMs + 1),
    alone: alone ?? (() => {}),
  };
}

function arrival<O, T>(
  own: Side<O>,
  other: Side<T>,
  graceMs: number,
  timer: TimerDefinition,
  matched: (key: string, own: Timed<O>, other: WindowEntry<T>, context: Context) => void,
): (record: InputRecord<O>, context: Context) => void {
  return ({ key, value, offset, eventTimeMs: timeMs }, context) => {
    if (isLate(timeMs, graceMs, context)) return;
    context.window(own.store).put(key, timeMs, value, offset);
    const others = context.window(other.store).fetch(key, timeMs - own.beforeMs, timeMs + own.afterMs);
    let alone = true;
    let freedMs = Number.POSITIVE_INFINITY;
    for (const entry of others) {
      alone = false;
      freedMs = Math.min(freedMs, free(other, key, entry, context));
      matched(key, { value, timeMs }, entry, context);
    }
    const changedMs = alone ? own.waiting?.add(context, key, timeMs, offset, value) : freedMs;
    if (changedMs === undefined || changedMs === Number.POSITIVE_INFINITY) return;
    const nextMs = nextClose(context, key, own.waiting, other.waiting);
    if (changedMs <= nextMs || nextMs <= context.streamTimeMs) wakeAtNext(context, timer, key, nextMs);
  };
}

/** It waits no longer; gives the time when its waiting would have been over, infinity when it had not waited. */
function free<V>(side: Side<V>, key: string, entry: WindowEntry<V>, context: Context): number {
  return side.waiting?.remove(context, key, entry.timeMs, entry.sequence) ?? Number.POSITIVE_INFINITY;
}

/** The timer stands at the first close of those that wait; without any there is none. */
function wakeAtNext(context: TimerContext, timer: TimerDefinition, key: string, nextMs: number): void {
  if (nextMs === Number.POSITIVE_INFINITY) context.cancel(timer, key);
  else context.wakeAt(timer, key, nextMs);
}

/** Hands out a key's records that can find no match any more, in the order in which their time was over. */
function closingTimer<L, R>(name: string, left: Side<L>, right: Side<R>): TimerDefinition {
  const timer: TimerDefinition = {
    name,
    stale: 'fire',
    onDue: ({ key }, context) => {
      const closed = [...takeClosed(left, key, context), ...takeClosed(right, key, context)];
      for (const { tell } of closed.sort((a, b) => a.closeMs - b.closeMs)) tell();
      const next = nextClose(context, key, left.waiting, right.waiting);
      if (next < Number.POSITIVE_INFINITY) context.wakeAt(timer, key, next);
    },
  };
  return timer;
}

function takeClosed<V>(
  side: Side<V>,
  key: string,
  context: TimerContext,
): { closeMs: number; tell(): void }[] {
  if (side.waiting === undefined) return [];
  const closed: Waiting<V>[] = [];
  for (const each of side.waiting.of(context, key)) {
    if (each.closeMs > context.streamTimeMs) break;
    closed.push(each);
  }
  for (const { entry } of closed) context.store(side.waiting.store).delete(entry);
  return closed.map((each) => ({ closeMs: each.closeMs, tell: () => side.alone(key, each, context) }));
}

function nextClose(
  context: TimerContext,
  key: string,
  ...sides: readonly (Unmatched<unknown> | undefined)[]
): number {
  let next = Number.POSITIVE_INFINITY;
  for (const waiting of sides) {
    for (const { closeMs } of waiting?.of(context, key) ?? []) {
      next = Math.min(next, closeMs);
      break;
    }
  }
  return next;
}
