/** What the proof's sources write: JSON text, so that Kafka's own console consumer shows it as it is. */

/** Of all topics of the proof. */
export const partitions = 4;

export interface Order {
  readonly id: string;
  readonly customer: string;
  /** Counts within the key, from 1. */
  readonly sequence: number;
  readonly timeMs: number;
}

export interface Payment {
  readonly id: string;
  readonly timeMs: number;
}

export interface Member {
  readonly version: number;
  readonly timeMs: number;
}

/** An order and a payment of one key that lie near each other in time. */
export interface Paid {
  readonly order: string;
  readonly payment: string;
  readonly customer: string;
  readonly timeMs: number;
}

export interface Enriched extends Paid {
  /** The member's version when the record was joined; 0 when there was none. */
  readonly version: number;
}

/** How often a customer has paid so far. */
export interface Total {
  readonly count: number;
}

/** What a customer paid in one span of time, said once, when the span is over. */
export interface Closed {
  readonly customer: string;
  readonly bucketMs: number;
  readonly count: number;
}

export const topicNames = {
  orders: 'proof.orders',
  payments: 'proof.payments',
  members: 'proof.members',
  echo: 'proof.echo',
  enriched: 'proof.enriched',
  totals: 'proof.totals',
  closed: 'proof.closed',
  late: 'proof.late',
  deadLetters: 'proof.dead-letters',
} as const;

export const applicationName = 'proof';
/** The rekeyed stream between the two topologies. */
export const byCustomerTopic = `${applicationName}.by-customer`;

export const withinMs = 30_000;
export const bucketMs = 10_000;
