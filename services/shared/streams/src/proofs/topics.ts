import { jsonSerde, numberSerde, rekey, type StreamTopic, textSerde } from '../index.ts';

/** A record of the proofs: when it happened, and a number that no other record bears. */
export interface Fact {
  readonly id: number;
  readonly atMs: number;
}

function facts(name: string): StreamTopic<Fact> {
  return { name, partitions: 'P', serde: jsonSerde('fact'), eventTimeMs: ({ atMs }) => atMs };
}

export const orders = facts('orders');
export const beacons = facts('beacons');
/** A table. */
export const profiles = facts('profiles');
export const inputsByName = { orders, beacons, profiles };
export type InputName = keyof typeof inputsByName;

/** A table that is copied whole. */
export const shops: StreamTopic<Fact> = { ...facts('shops'), partitions: 2 };

export const results: StreamTopic<string> = { name: 'results', partitions: 'P', serde: textSerde };
export const counts: StreamTopic<number> = { name: 'counts', partitions: 'P', serde: numberSerde };
export const regrouped = rekey('regrouped', jsonSerde<Fact>('fact'), { eventTimeMs: ({ atMs }) => atMs });
