import { StreamsError } from '../errors.ts';
import { shapeConflicts, shapeOf } from '../topology/shape.ts';
import type { Application } from '../topology/types.ts';
import type { Position } from './types.ts';

export const POSITION_KEY = Buffer.from('position');

/** Reads the position record. @throws StreamsError (fatal) when it is none. */
export function parsePosition(value: Buffer): Position {
  try {
    const { inputs, globals, times, shapes, topics, from } = JSON.parse(value.toString()) as Position;
    if ([inputs, globals, times, shapes].every((part) => typeof part === 'object' && part !== null)) {
      const later = { ...(topics === undefined ? {} : { topics }), ...(from === undefined ? {} : { from }) };
      return { inputs, globals, times, shapes, ...later };
    }
  } catch (error) {
    throw unreadable(error);
  }
  throw unreadable();
}

function unreadable(cause?: unknown): StreamsError {
  return new StreamsError('ZT-STREAMS-POSITION', 'the position record cannot be read', cause);
}

/**
 * Refuses state that cannot be what is stored under the same names. A store under a new name is no conflict (it
 * begins empty), nor is one that is gone (it is kept).
 *
 * @throws StreamsError (fatal) with a sentence for each store.
 */
export function requireShapes(position: Position | null, application: Application): void {
  const conflicts = application.topologies.flatMap((topology) => {
    const stored = position?.shapes[topology.name];
    return stored === undefined ? [] : shapeConflicts(topology.name, stored, shapeOf(topology));
  });
  if (conflicts.length === 0) return;
  throw new StreamsError('ZT-STREAMS-SHAPE', `${application.name}: ${conflicts.join('; ')}`);
}

/** The same position with every topology at one offset of an input, of the topic with this identity. */
export function movedTo(
  position: Position,
  topic: string,
  offset: number,
  identity: string | undefined,
): Position {
  const { [topic]: _former, ...others } = position.topics ?? {};
  const from = Object.entries(position.from ?? {}).map(([topology, starts]) => [
    topology,
    starts[topic] === undefined ? starts : { ...starts, [topic]: offset },
  ]);
  return {
    ...position,
    inputs: { ...position.inputs, [topic]: offset },
    topics: identity === undefined ? others : { ...others, [topic]: identity },
    ...(position.from === undefined ? {} : { from: Object.fromEntries(from) }),
  };
}

/**
 * The same position as if a removed topology had never been: should it come back, it begins as a new one. Where
 * inputs stand that only it can have read is forgotten too.
 */
export function withoutTopology(position: Position, topology: string, read: readonly string[]): Position {
  const { [topology]: _shape, ...shapes } = position.shapes;
  const { [topology]: _time, ...times } = position.times;
  const { [topology]: _start, ...from } = position.from ?? {};
  const present = new Set(read);
  const isRead = ([topic]: [string, unknown]): boolean =>
    present.has(topic) || Object.values(from).some((starts) => starts[topic] !== undefined);
  const { topics = {}, inputs } = position;
  return {
    ...position,
    inputs: Object.fromEntries(Object.entries(inputs).filter(isRead)),
    topics: Object.fromEntries(Object.entries(topics).filter(isRead)),
    shapes,
    times,
    from,
  };
}
