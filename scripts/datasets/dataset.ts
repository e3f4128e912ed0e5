import type { Totals } from './totals.ts';

/** A person as a source system names it: the gateway turns the clear value into a token. */
export interface ApiIdentity {
  readonly id_type: string;
  readonly scope: string;
  readonly id_value: string;
  readonly role: string;
  readonly verified: boolean;
}

/** What every event in the gateway's JSON has; the fields of its own type come on top. */
export interface ApiEvent {
  readonly event_type: string;
  readonly event_id: string;
  /** Milliseconds since 1970, UTC. */
  readonly event_time: number;
  readonly source_stream?: string;
  readonly source_seq?: number;
  readonly identities: readonly ApiIdentity[];
}

/**
 * Master data for a compacted topic, in the gateway's JSON: identifiers in the clear, and fields that are left out
 * take the schema's default.
 */
export interface ReferenceRecord {
  readonly topic: string;
  /** Full Avro name, such as `zhongtai.reference.Store`. */
  readonly record: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export interface EventsOptions {
  /** Events to pass over; their numbers in their streams stay taken, so a part replays as in the whole. */
  readonly from?: number;
  /** Most events to give. */
  readonly limit?: number;
  /** Events in one batch; 500 unless told. */
  readonly batchSize?: number;
}

/**
 * A set of business events with what is known about it. Every call of `events` gives the same events with the
 * same event_ids in the same order, so a replay that was cut off may be run again from anywhere.
 */
export interface Dataset {
  readonly name: string;
  /** True for samples made from the schemas; false for the records of a real retailer. */
  readonly synthetic: boolean;
  /** Number of events. */
  readonly count: number;
  /** Number of events of each event_type. */
  readonly countByType: Readonly<Record<string, number>>;
  /** The totals that the publisher's data add up to; null when nobody published any. */
  readonly published: Totals | null;
  /** All events in the order in which they happened, in batches. */
  events(options?: EventsOptions): AsyncIterable<ApiEvent[]>;
  /** Master data: stores, products, members, campaigns, promotion codes. */
  reference(): AsyncIterable<ReferenceRecord>;
}
