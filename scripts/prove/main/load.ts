import { type AvroField, recordOf, schemaOf } from '@zhongtai/schemas';
import { sampleEvents } from '@zhongtai/schemas/sample';
import type { ApiEvent, Dataset } from '../../datasets/index.ts';
import { seeded } from './seeded.ts';

/** What was sent, to be compared with what arrived. */
export interface Load {
  /** Table of each event_id that was sent. */
  readonly sent: Map<string, string>;
  /** Clear identifiers that must be found nowhere. */
  readonly planted: Set<string>;
  readonly expected: Expected;
  readonly count: number;
  /** Gives the batches; after each it waits for `underWay`, which is told the share that is handed out. */
  batches(underWay: (share: number) => Promise<void>): AsyncGenerator<ApiEvent[]>;
}

/** Sums over all events that were sent, each counted once. */
export interface Expected {
  sales: number;
  lines: number;
  netCents: number;
  discountCents: number;
  messages: number;
  loyalty: number;
}

const hex = (random: () => number, length: number): string =>
  Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');
const digits = (random: () => number, length: number): string =>
  Array.from({ length }, () => Math.floor(random() * 10)).join('');

const makers: Readonly<Record<string, (random: () => number) => string>> = {
  phone: (random) => `09${digits(random, 8)}`,
  email: (random) => `p${hex(random, 10)}@planted-mail.com`,
  line_id: (random) => `U${hex(random, 32)}`,
  cust_id: (random) => `MBR${digits(random, 9)}`,
};

/** Events of every type with identifiers of their own that the scanner can recognise anywhere. */
function* plantedEvents(
  seed: number,
  planted: Set<string>,
  without: ReadonlySet<string>,
): Generator<ApiEvent, never> {
  const random = seeded(seed ^ 0x51ab);
  const make = (type: string): string | undefined => {
    const value = makers[type]?.(random);
    if (value !== undefined) planted.add(value);
    return value;
  };
  const samples = sampleEvents({ seed, now: Date.now() - 3_600_000 });
  for (;;) {
    const event = samples.next().value as ApiEvent & Record<string, unknown>;
    if (!without.has(event.event_type)) yield withIdentifiers(event, make);
  }
}

/** Replaces the identifiers of a sample, adds an e-mail address, and quotes a phone in what a visitor typed. */
function withIdentifiers(
  event: ApiEvent & Record<string, unknown>,
  make: (type: string) => string | undefined,
): ApiEvent {
  const identities = event.identities.map((identity) => ({
    ...identity,
    id_value: make(identity.id_type) ?? identity.id_value,
  }));
  const email = { id_type: 'email', scope: '', role: 'recipient', verified: false };
  const fields: Record<string, unknown> = {};
  for (const { name, identifier } of fieldsOf(event.event_type)) {
    const value = identifier === undefined || event[name] === null ? undefined : make(identifier);
    if (value !== undefined) fields[name] = value;
  }
  if (event.event_type === 'search_performed') fields['query'] = `請打 ${make('phone')} 找我`;
  return {
    ...event,
    ...fields,
    identities: [...identities, { ...email, id_value: make('email') ?? '' }],
  };
}

function fieldsOf(eventType: string): readonly AvroField[] {
  const record = recordOf(eventType)?.record;
  return record === undefined ? [] : schemaOf(record.name).fields;
}

function addTo(expected: Expected, event: ApiEvent): void {
  if (event.event_type === 'message_sent') expected.messages++;
  if (event.event_type === 'loyalty_changed') expected.loyalty++;
  if (event.event_type !== 'pos_sale' || !('lines' in event) || !Array.isArray(event.lines)) return;
  expected.sales++;
  for (const line of event.lines as { net_price_cents?: number; discount_cents?: number }[]) {
    expected.lines++;
    expected.netCents += line.net_price_cents ?? 0;
    expected.discountCents += line.discount_cents ?? 0;
  }
}

export interface LoadOptions {
  /** Events with identifiers for the scanner to look for. */
  readonly planted: number;
  readonly seed: number;
  readonly batchSize: number;
}

/**
 * The events of a data set with planted ones among them. Where totals of the set were published, the planted ones
 * are of the other types, so that the totals stay as they are.
 */
export function createLoad(dataset: Dataset, { planted: plantedCount, seed, batchSize }: LoadOptions): Load {
  const sent = new Map<string, string>();
  const planted = new Set<string>();
  const expected: Expected = { sales: 0, lines: 0, netCents: 0, discountCents: 0, messages: 0, loyalty: 0 };
  const note = (events: readonly ApiEvent[]): void => {
    for (const event of events) {
      sent.set(event.event_id, event.event_type);
      addTo(expected, event);
    }
  };
  const count = dataset.count + plantedCount;
  async function* batches(underWay: (share: number) => Promise<void>): AsyncGenerator<ApiEvent[]> {
    const taken = dataset.published === null ? [] : Object.keys(dataset.countByType);
    const own = plantedEvents(seed ^ 0x2f00d, planted, new Set(taken));
    const share = plantedCount / dataset.count;
    let due = 0;
    let given = 0;
    for await (const batch of dataset.events({ batchSize })) {
      due += batch.length * share;
      const extra: ApiEvent[] = [];
      for (; given < Math.floor(due + 1e-9); given++) extra.push(own.next().value);
      const events = [...batch, ...extra];
      note(events);
      yield events;
      await underWay(sent.size / count);
    }
  }
  return { sent, planted, expected, count, batches };
}
