import type { Context, TimerContext } from '../context.ts';
import type { Serde } from '../serde.ts';
import type { InputRecord, Part, StreamTopic, WindowStoreDefinition } from '../topology/types.ts';
import { type OpenSpans, openSpans } from './open-spans.ts';
import { numberSerde } from './serdes.ts';
import { type Uses, usesOf } from './uses.ts';
import { isLate, retentionFor, type Span, startsOf, type Windows } from './windows.ts';

export interface WindowAggregate<T, A> extends Part {
  /** For handlers that feed it; there is no need to when it reads a topic of its own. */
  add(context: Context, key: string, value: T, timeMs: number): void;
  /** The window that begins at `startMs`, while it is open (with `onClose`) or within its retention. */
  get(context: TimerContext, key: string, startMs: number): A | undefined;
}

export interface WindowCountOptions<T> extends Uses {
  /** Of the part, its store and its timer. */
  readonly name: string;
  /** Left out: handlers of other parts feed it. */
  readonly from?: StreamTopic<T>;
  readonly windows: Windows;
  readonly graceMs: number;
  /** After each record, for each window that it lies in. */
  readonly onChange?: (key: string, span: Span<number>, context: Context) => void;
  /** Once for each window, when nothing that belongs to it can come any more. */
  readonly onClose?: (key: string, span: Span<number>, context: TimerContext) => void;
}

export interface WindowAggregateOptions<T, A> extends Omit<WindowCountOptions<T>, 'onChange' | 'onClose'> {
  readonly serde: Serde<A>;
  readonly initial: A;
  /** Must give a new value. Order free when the order of `value`s does not matter to it. */
  readonly add: (aggregate: A, value: T, key: string) => A;
  readonly onChange?: (key: string, span: Span<A>, context: Context) => void;
  readonly onClose?: (key: string, span: Span<A>, context: TimerContext) => void;
}

/** One value for each key and window. */
export function windowAggregate<T, A>(options: WindowAggregateOptions<T, A>): WindowAggregate<T, A> {
  const { name, from, windows, graceMs, serde, onClose } = options;
  const state =
    onClose === undefined
      ? spansByRetention(options)
      : spansUntilClose(options, openSpans({ name, serde, waitMs: graceMs, onClose }));
  function add(context: Context, key: string, value: T, timeMs: number): void {
    if (isLate(timeMs, graceMs, context)) return;
    const changed = state.change(context, key, startsOf(windows, timeMs), value);
    if (options.onChange !== undefined) for (const span of changed) options.onChange(key, span, context);
  }
  const handle = ({ key, value, eventTimeMs }: InputRecord<T>, context: Context): void =>
    add(context, key, value, eventTimeMs);
  const uses = usesOf(options);
  return {
    name,
    operator: 'window aggregate',
    byTime: true,
    inputs: from === undefined ? [] : [{ topic: from, kind: 'stream', stage: name, handle }],
    ...uses,
    stores: [...state.stores, ...uses.stores],
    timers: [...state.timers, ...uses.timers],
    add,
    get: state.get,
  };
}

/** How many records each key has had in each window. */
export function windowCount<T>(options: WindowCountOptions<T>): WindowAggregate<T, number> {
  const counted = windowAggregate<T, number>({
    ...options,
    serde: numberSerde,
    initial: 0,
    add: (n) => n + 1,
  });
  return { ...counted, operator: 'window count' };
}

interface SpanState<T, A> {
  readonly stores: NonNullable<Part['stores']>;
  readonly timers: NonNullable<Part['timers']>;
  /** Adds the value to the windows that begin at `starts`, and gives what they have become. */
  change(context: Context, key: string, starts: readonly number[], value: T): readonly Span<A>[];
  get(context: TimerContext, key: string, startMs: number): A | undefined;
}

/** Where nothing waits for the close, segments are dropped whole and no timer is needed. */
function spansByRetention<T, A>(options: WindowAggregateOptions<T, A>): SpanState<T, A> {
  const { name, windows, graceMs, serde, initial, add } = options;
  const span = windows.sizeMs + graceMs;
  const store: WindowStoreDefinition<A> = { kind: 'window', name, serde, ...retentionFor(span) };
  return {
    stores: [store],
    timers: [],
    get: (context, key, startMs) => context.window(store).get(key, startMs),
    change: (context, key, starts, value) => {
      const values = context.window(store);
      return starts.map((startMs) => {
        const after = add(values.get(key, startMs) ?? initial, value, key);
        values.put(key, startMs, after);
        return { startMs, endMs: startMs + windows.sizeMs, value: after };
      });
    },
  };
}

function spansUntilClose<T, A>(
  { windows, initial, add }: WindowAggregateOptions<T, A>,
  open: OpenSpans<A>,
): SpanState<T, A> {
  return {
    stores: [open.store],
    timers: [open.timer],
    get: (context, key, startMs) => open.get(context, key).find((span) => span.startMs === startMs)?.value,
    change: (context, key, starts, value) => {
      const before = open.get(context, key);
      const changed = starts.map((startMs) => {
        const earlier = before.find((span) => span.startMs === startMs)?.value ?? initial;
        return { startMs, endMs: startMs + windows.sizeMs, value: add(earlier, value, key) };
      });
      const untouched = before.filter((span) => !starts.includes(span.startMs));
      const after = [...untouched, ...changed].sort((a, b) => a.startMs - b.startMs);
      open.replace(context, key, before, after);
      return changed;
    },
  };
}
