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
  return new StreamsError('ZT-STREAMS-POSITION', 'fatal', 'the position record cannot be read', cause);
}

/**
 * What in the application's state cannot be what was stored under the same names: a sentence for each. A store
 * under a new name is no conflict (it begins empty), nor is one that is gone (it is kept).
 */
export function incompatibleShapes(position: Position, application: Application): readonly string[] {
  return application.topologies.flatMap((topology) => {
    const stored = position.shapes[topology.name];
    return stored === undefined ? [] : shapeConflicts(topology.name, stored, shapeOf(topology));
  });
}
