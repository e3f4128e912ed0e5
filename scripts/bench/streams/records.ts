import type { Codec, Contract, TopicRef } from '@zhongtai/highway';
import { digest } from '../sink-records.ts';

/** About 190 bytes of Avro: ids, times, names and an amount, as the platform's own events carry them. */
export interface BenchEvent {
  readonly event_id: string;
  readonly event_type: string;
  readonly event_time: number;
  readonly ingest_time: number;
  readonly source: string;
  readonly customer: string;
  readonly store: string;
  readonly order: string;
  readonly amount_cents: number;
  readonly currency: string;
  readonly is_test: boolean;
  readonly session: string | null;
  readonly note: string;
}

export interface BenchResult {
  readonly customer: string;
  readonly left: string;
  readonly right: string;
  readonly number: number;
  readonly event_time: number;
  readonly until: number;
}

const fields = (of: Readonly<Record<string, unknown>>) =>
  Object.entries(of).map(([name, type]) => ({ name, type }));

const texts: Readonly<Record<string, string>> = {
  'zhongtai.bench.Event': JSON.stringify({
    type: 'record',
    name: 'zhongtai.bench.Event',
    fields: fields({
      event_id: 'string',
      event_type: 'string',
      event_time: 'long',
      ingest_time: 'long',
      source: 'string',
      customer: 'string',
      store: 'string',
      order: 'string',
      amount_cents: 'long',
      currency: 'string',
      is_test: 'boolean',
      session: ['null', 'string'],
      note: 'string',
    }),
  }),
  'zhongtai.bench.Result': JSON.stringify({
    type: 'record',
    name: 'zhongtai.bench.Result',
    fields: fields({
      customer: 'string',
      left: 'string',
      right: 'string',
      number: 'long',
      event_time: 'long',
      until: 'long',
    }),
  }),
};

export const eventRecord = {
  name: 'zhongtai.bench.Event',
  key: (event: BenchEvent): string => event.customer,
};
export const resultRecord = {
  name: 'zhongtai.bench.Result',
  key: (result: BenchResult): string => result.customer,
};

const keptMs = 6 * 24 * 3_600_000;

export function eventTopic(name: string): TopicRef {
  return { name, records: [eventRecord], partitions: 'P', retentionMs: keptMs };
}

export function resultTopic(name: string): TopicRef {
  return { name, records: [resultRecord], partitions: 'P', retentionMs: keptMs };
}

/** The two records of the bench under one subject each, whatever topic they lie on. */
export const benchContract: Contract = {
  schemaText: (name) => texts[name] ?? '',
  subjectOf: (_, record) => record.name,
  deadLetterTopic: { name: 'bench.dead-letter', records: [], partitions: 1, retentionMs: keptMs },
};

/** All records are encoded under these two topics' names, on whatever topic they lie. */
const encodedAs = { event: eventTopic('bench.event'), result: resultTopic('bench.result') };

export interface BenchCodec {
  readonly schemaIds: { readonly event: number; readonly result: number };
  encodeEvent(event: BenchEvent): Buffer;
  encodeResult(result: BenchResult): Buffer;
}

export async function prepareCodec(codec: Codec): Promise<BenchCodec> {
  await codec.prepare([encodedAs.event, encodedAs.result]);
  const encodeEvent = (event: BenchEvent) => codec.encode(encodedAs.event.name, eventRecord.name, event);
  const encodeResult = (result: BenchResult) =>
    codec.encode(encodedAs.result.name, resultRecord.name, result);
  const result = { customer: '', left: '', right: '', number: 0, event_time: 0, until: 0 };
  const idOf = (bytes: Buffer): number => codec.schemaIdOf(bytes) ?? 0;
  const schemaIds = {
    event: idOf(encodeEvent(benchEvent('sale', 0, '', 0))),
    result: idOf(encodeResult(result)),
  };
  return { schemaIds, encodeEvent, encodeResult };
}

const customerCount = 100_000;
/** A fifth of the customers make 58 % of the events; the most active one makes 2 %. */
const skew = 3;
let customers: readonly string[] = [];

/** A number in [0, 1) that depends on nothing but `n` and `salt`. */
export function chance(n: number, salt: number): number {
  let x = Math.imul(n ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0xc2b2ae35);
  x = Math.imul(x ^ (x >>> 13), 0x27d4eb2f);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}

export function customerOf(n: number): string {
  if (customers.length === 0) customers = Array.from({ length: customerCount }, (_, i) => lone(i));
  return customers[Math.floor(customerCount * chance(n, 1) ** skew)] ?? '';
}

/** Customer `n` of those that have one event each. */
export function lone(n: number): string {
  return digest(`customer ${n}`);
}

const hex = (n: number): string => n.toString(16).padStart(12, '0');

/** The same arguments always give the same bytes. */
export function benchEvent(
  kind: 'sale' | 'payment' | 'profile',
  n: number,
  customer: string,
  timeMs: number,
): BenchEvent {
  return {
    event_id: `${hex(n).slice(4)}-0000-8000-8000-${kind === 'sale' ? '1' : '2'}${hex(n).slice(1)}`,
    event_type: kind,
    event_time: timeMs,
    ingest_time: timeMs,
    source: 'bench-pos',
    customer,
    store: String(300 + (n % 457)),
    order: `bench-${n}`,
    amount_cents: 100 + Math.floor(chance(n, 2) * 500_000),
    currency: 'TWD',
    is_test: false,
    session: n % 3 === 0 ? null : `session-${hex(n)}`,
    note: `${n % 27} items, ${n % 5} coupons, paid at counter ${n % 9}, picked up by the customer`,
  };
}
