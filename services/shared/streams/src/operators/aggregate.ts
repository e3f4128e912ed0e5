import type { Context, TimerContext } from '../context.ts';
import type { Serde } from '../serde.ts';
import type { InputRecord, KeyedStoreDefinition, Part, StreamTopic } from '../topology/types.ts';
import { numberSerde } from './serdes.ts';
import { type Uses, usesOf } from './uses.ts';

export interface Aggregate<T, A> extends Part {
  /** For handlers that feed it; there is no need to when it reads a topic of its own. */
  add(context: Context, key: string, value: T): void;
  get(context: TimerContext, key: string): A | undefined;
}

export interface CountOptions<T> extends Uses {
  /** Of the part and of its store. */
  readonly name: string;
  /** Left out: handlers of other parts feed it. */
  readonly from?: StreamTopic<T>;
  readonly onChange?: (key: string, value: number, context: Context) => void;
}

export interface AggregateOptions<T, A> extends Omit<CountOptions<T>, 'onChange'> {
  readonly serde: Serde<A>;
  readonly initial: A;
  /** Must give a new value; the old one is shared. Order free when the order of `value`s does not matter to it. */
  readonly add: (aggregate: A, value: T, key: string) => A;
  readonly onChange?: (key: string, value: A, context: Context) => void;
}

/** One value for each key, over all of its records. */
export function aggregate<T, A>(options: AggregateOptions<T, A>): Aggregate<T, A> {
  const { name, from, serde, initial, onChange } = options;
  const store: KeyedStoreDefinition<A> = { kind: 'keyed', name, serde };
  function add(context: Context, key: string, value: T): void {
    const values = context.store(store);
    const after = options.add(values.get(key) ?? initial, value, key);
    values.put(key, after);
    onChange?.(key, after, context);
  }
  const handle = ({ key, value }: InputRecord<T>, context: Context): void => add(context, key, value);
  const uses = usesOf(options);
  return {
    name,
    operator: 'aggregate',
    inputs: from === undefined ? [] : [{ topic: from, kind: 'stream', stage: name, handle }],
    ...uses,
    stores: [store, ...uses.stores],
    add,
    get: (context, key) => context.store(store).get(key),
  };
}

/** How many records each key has had. */
export function count<T>(options: CountOptions<T>): Aggregate<T, number> {
  const counted = aggregate<T, number>({ ...options, serde: numberSerde, initial: 0, add: (n) => n + 1 });
  return { ...counted, operator: 'count' };
}
