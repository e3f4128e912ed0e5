import type { Handler, Part, StreamTopic } from '../topology/types.ts';
import { partName, type Uses, usesOf } from './uses.ts';

export interface StreamOptions extends Uses {
  /** Left out: made from the topic's name. Needed when two parts read one topic. */
  readonly name?: string;
  /** Records are taken by event time; on by itself where the part has timers or window stores. */
  readonly byTime?: boolean;
  /** `optional` for a rule that does not ask for the key: a record without one is no fault, its key is ''. */
  readonly key?: 'required' | 'optional';
}

/** A topic and a rule for each of its records. What the rule writes to and reads from is declared beside it. */
export function stream<T>(topic: StreamTopic<T>, handle: Handler<T>, options: StreamOptions = {}): Part {
  const name = options.name ?? partName(topic);
  return {
    name,
    operator: 'stream',
    inputs: [{ topic, kind: 'stream', stage: name, key: options.key ?? 'required', handle }],
    ...usesOf(options),
    ...(options.byTime === undefined ? {} : { byTime: options.byTime }),
  };
}
