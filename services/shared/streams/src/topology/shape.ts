import { createHash } from 'node:crypto';
import type { Part, StoreDefinition, Topology } from './types.ts';

/**
 * The shape of a topology's state: `name=hash` for each store and internal topic. What is stored under one name
 * must keep its hash; another form needs another name.
 */
export function shapeOf({ parts }: Topology): string {
  const shapes = new Map<string, string>();
  for (const part of parts) {
    for (const store of part.stores ?? []) shapes.set(`store ${store.name}`, storeShape(store));
    for (const [name, serde] of internals(part)) shapes.set(`topic ${name}`, serde);
  }
  return [...shapes]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, shape]) => `${name}=${createHash('sha256').update(shape).digest('hex').slice(0, 8)}`)
    .join(',');
}

/** A sentence for each name that both shapes have in different forms. */
export function shapeConflicts(topology: string, stored: string, present: string): readonly string[] {
  const before = parse(stored);
  return [...parse(present)]
    .filter(([name, hash]) => before.has(name) && before.get(name) !== hash)
    .map(
      ([name]) =>
        `topology "${topology}": the ${name} is stored in another form; give it a new name, or reset`,
    );
}

/** Durations are configuration and no part of it. */
function storeShape({ kind, serde }: StoreDefinition): string {
  return JSON.stringify([kind, serde.name]);
}

function internals({ inputs = [], outputs = [] }: Part): readonly (readonly [string, string])[] {
  return [...inputs.map(({ topic }) => topic), ...outputs]
    .filter((topic) => topic.internal !== undefined)
    .map((topic) => [topic.name, topic.serde.name]);
}

function parse(shape: string): ReadonlyMap<string, string> {
  const pairs = shape.split(',').map((each) => each.split('='));
  return new Map(pairs.map(([name = '', hash = '']) => [name, hash]));
}
