import type { KeyOf, RecordValue } from './keys.ts';

/** The eight kinds of source system; each has one highway topic. */
export const sources = [
  'callcenter',
  'marketing',
  'beacon',
  'chatbot',
  'logistics',
  'social',
  'payment',
  'order',
] as const;
export type Source = (typeof sources)[number];

/** What may be shed under load: P0 never, P3 first. */
export type LossClass = 'P0' | 'P1' | 'P2' | 'P3';

export interface Label {
  readonly zh: string;
  readonly en: string;
}

export interface RecordEntry {
  /** Full Avro name, e.g. zhongtai.order.OrderPlaced. */
  readonly name: string;
  /** order_placed; empty for records that are no events. */
  readonly eventType: string;
  readonly lossClass: LossClass;
  /** The Kafka key of a record. Events that name nothing else are keyed by event_id, so it is never null. */
  readonly key: KeyOf;
  /** The key without the way out to event_id: null shows that the record names none of its topic's ids. */
  readonly naturalKey: KeyOf;
  readonly label: Label;
}

/**
 * How far an event has come: as a publisher sent it, in clear (`direct`), checked and tokenised (`inbound`), or
 * admitted, once and for every reader (`highway`).
 */
export type Leg = 'direct' | 'inbound' | 'highway';

export interface Topic {
  readonly name: string;
  /** A table is compacted: the latest record of a key counts. */
  readonly kind: 'stream' | 'table';
  /** Null where the records are no events. */
  readonly leg: Leg | null;
  /** Of events: the kind of source system that they come from. */
  readonly source: Source | null;
  readonly records: readonly RecordEntry[];
  /** P = the number that the installation has chosen for all topics that are joined. */
  readonly partitions: 'P' | number;
  /** null = compacted, kept for ever. */
  readonly retentionMs: number | null;
  /** Whose clock stamps the records: the broker's where senders are not ours. */
  readonly timestamps: 'sender' | 'broker';
  /** Who answers for the content. */
  readonly owner: string;
  readonly label: Label;
}

/** Highway, dead-letter and internal topics: an erasure needs no access to anything older. */
const streamRetentionMs = 14 * 24 * 60 * 60 * 1000;

/** Full Avro name of a record type: order, order_placed -> zhongtai.order.OrderPlaced. */
export function recordName(namespace: string, type: string): string {
  const pascal = type
    .split('_')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
  return `zhongtai.${namespace}.${pascal}`;
}

/** One row of a source's table: Chinese label, English label, and what differs from the source's defaults. */
export type EventRow = readonly [zh: string, en: string, own?: { key?: KeyOf; lossClass?: LossClass }];

export interface HighwaySpecification {
  readonly source: Source;
  readonly label: Label;
  readonly owner: string;
  readonly key: KeyOf;
  readonly lossClass: LossClass;
  readonly events: Readonly<Record<string, EventRow>>;
}

export function highway(specification: HighwaySpecification): Topic {
  const { source, label, owner, events } = specification;
  const records = Object.entries(events).map(([eventType, [zh, en, own]]): RecordEntry => {
    const naturalKey = own?.key ?? specification.key;
    return {
      name: recordName(source, eventType),
      eventType,
      lossClass: own?.lossClass ?? specification.lossClass,
      key: (record) => naturalKey(record) ?? eventIdOf(record),
      naturalKey,
      label: { zh, en },
    };
  });
  return {
    name: `highway.${source}`,
    kind: 'stream',
    leg: 'highway',
    source,
    records,
    partitions: 'P',
    retentionMs: streamRetentionMs,
    timestamps: 'sender',
    owner,
    label,
  };
}

export interface SingleSpecification {
  readonly name: string;
  readonly record: string;
  readonly kind: Topic['kind'];
  readonly owner: string;
  readonly key: KeyOf;
  readonly label: Label;
}

/** A topic with one record type that is no event. */
export function single(specification: SingleSpecification): Topic {
  const { name, record, kind, owner, key, label } = specification;
  return {
    name,
    kind,
    leg: null,
    source: null,
    records: [{ name: record, eventType: '', lossClass: 'P0', key, naturalKey: key, label }],
    partitions: 'P',
    retentionMs: kind === 'table' ? null : streamRetentionMs,
    timestamps: 'sender',
    owner,
    label,
  };
}

function eventIdOf(record: RecordValue): string | null {
  const { event_id: id } = record;
  return typeof id === 'string' && id !== '' ? id : null;
}
