import type { Context, TimerContext } from '../context.ts';
import type { Serde } from '../serde.ts';
import type { KeyedStoreDefinition, TimerDefinition } from '../topology/types.ts';
import { spanListSerde } from './span-list.ts';
import type { Span } from './windows.ts';

export interface OpenSpansOptions<A> {
  /** Of the store and the timer. */
  readonly name: string;
  readonly serde: Serde<A>;
  /** From a span's end until nothing that belongs to it can come any more. */
  readonly waitMs: number;
  readonly onClose: (key: string, span: Span<A>, context: TimerContext) => void;
}

/** A key's spans that may still change, until a timer closes them one by one. */
export interface OpenSpans<A> {
  readonly store: KeyedStoreDefinition<readonly Span<A>[]>;
  readonly timer: TimerDefinition;
  /** Earliest first. */
  get(context: TimerContext, key: string): readonly Span<A>[];
  /** Both lists earliest first; `before` is what `get` gave. */
  replace(context: Context, key: string, before: readonly Span<A>[], after: readonly Span<A>[]): void;
}

/**
 * They lie in a keyed store, not in a window store: a span must be found when it closes, however far stream time
 * has jumped meanwhile. One timer for each key, never later than the first span's close. It may be earlier (a
 * session that grew): then it only sets itself again, which is cheaper than moving it with every record.
 */
export function openSpans<A>({ name, serde, waitMs, onClose }: OpenSpansOptions<A>): OpenSpans<A> {
  const store: KeyedStoreDefinition<readonly Span<A>[]> = {
    kind: 'keyed',
    name,
    serde: spanListSerde(serde),
  };
  const dueOf = (span: Span<A>): number => span.endMs + waitMs;
  const timer: TimerDefinition = {
    name,
    stale: 'fire',
    onDue: ({ key }, context) => {
      const spans = context.store(store).get(key) ?? [];
      const open = spans.filter((span) => dueOf(span) > context.streamTimeMs);
      const [first] = open;
      if (first === undefined) context.store(store).delete(key);
      else {
        context.wakeAt(timer, key, dueOf(first));
        if (open.length < spans.length) context.store(store).put(key, open);
      }
      for (const span of spans.slice(0, spans.length - open.length)) onClose(key, span, context);
    },
  };
  return {
    store,
    timer,
    get: (context, key) => context.store(store).get(key) ?? [],
    replace: (context, key, [firstBefore], after) => {
      context.store(store).put(key, after);
      const [first] = after;
      if (first === undefined) return;
      // An overdue one waits for its turn, or its closing went to the dead letters: then this is its next chance.
      const armed = firstBefore !== undefined && dueOf(firstBefore) > context.streamTimeMs;
      if (!armed || dueOf(first) < dueOf(firstBefore)) context.wakeAt(timer, key, dueOf(first));
    },
  };
}
