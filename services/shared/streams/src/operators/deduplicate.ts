import type { Context } from '../context.ts';
import type { Handler, InputRecord, Part, StreamTopic, WindowStoreDefinition } from '../topology/types.ts';
import { numberSerde } from './serdes.ts';
import { type Uses, usesOf } from './uses.ts';
import { retentionFor } from './windows.ts';

export interface DeduplicateOptions<T> extends Uses {
  readonly name: string;
  readonly from: StreamTopic<T>;
  /** Equal for records that are the same fact. Repeats are seen only when they bear the same key. */
  readonly id: (value: T, key: string) => string;
  /** Counted in ingest time: how long after a record its repeats are known. */
  readonly withinMs: number;
  readonly forward: Handler<T>;
  /** Left out: dropped, with the reason `repeat`. */
  readonly onRepeat?: Handler<T>;
}

/** Lets the first record of each id pass, and no other for as long as the window is. */
export function deduplicate<T>(options: DeduplicateOptions<T>): Part {
  const { name, from, withinMs } = options;
  const store: WindowStoreDefinition<number> = {
    kind: 'window',
    name,
    serde: numberSerde,
    ...retentionFor(withinMs),
  };
  const onRepeat = options.onRepeat ?? ((_record, context) => context.drop('repeat'));
  function handle(record: InputRecord<T>, context: Context): void {
    const id = options.id(record.value, record.key);
    const at = record.ingestTimeMs;
    const seen = context.window(store);
    const [first] = seen.fetch(id, at - withinMs, at + withinMs);
    if (first !== undefined) {
      onRepeat(record, context);
      return;
    }
    seen.put(id, at, record.offset);
    options.forward(record, context);
  }
  const uses = usesOf(options);
  return {
    name,
    operator: 'deduplicate',
    inputs: [{ topic: from, kind: 'stream', stage: name, handle }],
    ...uses,
    stores: [store, ...uses.stores],
  };
}
