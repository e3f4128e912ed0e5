import type { Context, TimerContext } from '../context.ts';
import type { Serde } from '../serde.ts';
import type { InputRecord, Part, StreamTopic } from '../topology/types.ts';
import { openSpans } from './open-spans.ts';
import { type Uses, usesOf } from './uses.ts';
import { isLate, type Span } from './windows.ts';

export interface Sessions<T, A> extends Part {
  /** For handlers that feed it; there is no need to when it reads a topic of its own. */
  add(context: Context, key: string, value: T, timeMs: number): void;
  /** The key's sessions that may still grow, earliest first. */
  open(context: TimerContext, key: string): readonly Span<A>[];
}

export interface SessionsOptions<T, A> extends Uses {
  /** Of the part, its store and its timer. */
  readonly name: string;
  /** Left out: handlers of other parts feed it. */
  readonly from?: StreamTopic<T>;
  /** Two records of a key that are at most this far apart belong to one session. */
  readonly gapMs: number;
  readonly graceMs: number;
  readonly serde: Serde<A>;
  readonly initial: A;
  /** Must give a new value; so must `merge`. Order free when their order does not matter. */
  readonly add: (aggregate: A, value: T, key: string) => A;
  /** Two sessions that a record between them has made one. */
  readonly merge: (earlier: A, later: A, key: string) => A;
  /** After each record, with the sessions that this one has taken the place of. */
  readonly onChange?: (key: string, session: Span<A>, replaced: readonly Span<A>[], context: Context) => void;
  /** Once for each session, when nothing that belongs to it can come any more. `endMs` is its last record's time. */
  readonly onClose?: (key: string, session: Span<A>, context: TimerContext) => void;
}

/** Records of a key with no longer silence than the gap between them, whatever their order of arrival. */
export function sessions<T, A>(options: SessionsOptions<T, A>): Sessions<T, A> {
  const { name, from, gapMs, graceMs, serde, onClose = () => {} } = options;
  const open = openSpans({ name, serde, waitMs: gapMs + graceMs + 1, onClose });
  function add(context: Context, key: string, value: T, timeMs: number): void {
    if (isLate(timeMs, graceMs, context)) return;
    const before = open.get(context, key);
    const replaced = before.filter(
      ({ startMs, endMs }) => startMs - gapMs <= timeMs && timeMs <= endMs + gapMs,
    );
    const session = joined(options, key, replaced, value, timeMs);
    const others = before.filter((span) => !replaced.includes(span));
    const after = [...others, session].sort((a, b) => a.startMs - b.startMs);
    open.replace(context, key, before, after);
    options.onChange?.(key, session, replaced, context);
  }
  const handle = ({ key, value, eventTimeMs }: InputRecord<T>, context: Context): void =>
    add(context, key, value, eventTimeMs);
  const uses = usesOf(options);
  return {
    name,
    operator: 'sessions',
    byTime: true,
    inputs: from === undefined ? [] : [{ topic: from, kind: 'stream', stage: name, handle }],
    ...uses,
    stores: [open.store, ...uses.stores],
    timers: [open.timer, ...uses.timers],
    add,
    open: open.get,
  };
}

function joined<T, A>(
  { initial, add, merge }: SessionsOptions<T, A>,
  key: string,
  replaced: readonly Span<A>[],
  value: T,
  timeMs: number,
): Span<A> {
  const [first, ...rest] = replaced;
  if (first === undefined) return { startMs: timeMs, endMs: timeMs, value: add(initial, value, key) };
  const merged = rest.reduce((earlier, later) => merge(earlier, later.value, key), first.value);
  const last = rest.at(-1) ?? first;
  return {
    startMs: Math.min(first.startMs, timeMs),
    endMs: Math.max(last.endMs, timeMs),
    value: add(merged, value, key),
  };
}
