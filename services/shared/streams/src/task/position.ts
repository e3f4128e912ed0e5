import { StreamsError } from '../errors.ts';
import { shapeConflicts, shapeOf } from '../topology/shape.ts';
import type { Application } from '../topology/types.ts';
import type { Position } from './types.ts';

export const POSITION_KEY = Buffer.from('position');

/** Reads the position record. @throws StreamsError (fatal) when it is none. */
export function parsePosition(value: Buffer): Position {
  try {
    const { inputs, globals, times, shapes, from } = JSON.parse(value.toString()) as Position;
    if ([inputs, globals, times, shapes].every((part) => typeof part === 'object' && part !== null)) {
      return { inputs, globals, times, shapes, ...(from === undefined ? {} : { from }) };
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
