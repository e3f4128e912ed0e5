import type { AnyTopic, Part } from '../topology/types.ts';

/** What an operator's callbacks use besides what the operator itself brings; each must be declared by some part. */
export interface Uses {
  readonly stores?: NonNullable<Part['stores']>;
  readonly globals?: NonNullable<Part['globals']>;
  readonly timers?: NonNullable<Part['timers']>;
  readonly outputs?: readonly AnyTopic[];
}

export function usesOf({ stores = [], globals = [], timers = [], outputs = [] }: Uses): Required<Uses> {
  return { stores, globals, timers, outputs };
}

/** A topic's name as the name of a part or store, which become parts of topic names themselves. */
export function partName(topic: { readonly name: string }): string {
  return topic.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}
