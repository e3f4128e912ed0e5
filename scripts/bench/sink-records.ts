import { createHash } from 'node:crypto';
import type { Highway, OutMessage } from '@zhongtai/highway';
import { type MessageSent, type PosSale, recordOf, type Topic } from '@zhongtai/schemas';

/** Realistic records by number: the same number always gives the same record, its times apart. */
export interface RecordSource {
  readonly topics: readonly Topic[];
  sale(n: number, timeMs: number): OutMessage;
  message(n: number, timeMs: number): OutMessage;
  /** The same of another kind, such as message_opened. */
  reaction(eventType: Reaction, n: number, timeMs: number, costCents?: number): OutMessage;
}

type Reaction =
  | 'message_delivered'
  | 'message_opened'
  | 'message_clicked'
  | 'message_bounced'
  | 'message_unsubscribed';

/** A till sale has this many lines on average: the real data has 9.4. */
const linesOf = (n: number): number => 1 + ((n * 7919) % 17);

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

function eventId(kind: number, n: number): string {
  const hex = n.toString(16).padStart(12, '0');
  return `00000000-0000-800${kind}-8000-${hex}`;
}

function envelope<T extends string>(eventType: T, kind: number, n: number, timeMs: number) {
  return {
    link: null,
    event_id: eventId(kind, n),
    event_type: eventType,
    schema_version: 1,
    event_time: timeMs,
    ingest_time: timeMs,
    source_system: 'bench',
    source_stream: null,
    source_seq: null,
    identities: [
      {
        id_type: 'cust_id' as const,
        scope: '',
        id_value: tokens[n % tokens.length] ?? '',
        role: 'actor' as const,
        verified: true,
      },
    ],
    session_id: null,
    decision_id: null,
    is_test: false,
  };
}

const tokens = Array.from({ length: 2500 }, (_, n) => digest(`customer ${n}`));

function line(n: number, no: number) {
  const list = 100 + ((n * 31 + no * 17) % 2000);
  const discount = (n + no) % 2 === 0 ? Math.floor(list / 10) : 0;
  return {
    line_no: no,
    product_id: String(800_000 + ((n * 13 + no * 101) % 68_000)),
    qty: 1 + ((n + no) % 3),
    list_price_cents: list,
    net_price_cents: list - discount,
    discount_cents: discount,
    retail_discount_cents: discount,
    coupon_discount_cents: 0,
    match_discount_cents: 0,
    points_discount_cents: 0,
    promo_code: null,
    promo_kind: discount > 0 ? ('retail' as const) : ('none' as const),
  };
}

function sale(n: number, timeMs: number): PosSale {
  const lines = Array.from({ length: linesOf(n) }, (_, i) => line(n, i + 1));
  return {
    ...envelope('pos_sale', 1, n, timeMs),
    source: 'order',
    channel: 'store_pos',
    store_id: String(300 + (n % 457)),
    order_id: `bench-${n}`,
    order_channel: 'pos',
    marketplace: null,
    fulfil: 'cash_carry',
    pickup_store_id: null,
    pickup_point: null,
    presale_id: null,
    balance_due_at: null,
    promised_at: null,
    lines,
    gross_cents: lines.reduce((sum, each) => sum + each.list_price_cents, 0),
    net_cents: lines.reduce((sum, each) => sum + each.net_price_cents, 0),
    tax_cents: 0,
    freight_cents: 0,
    currency: 'USD',
    address_h3: null,
    is_gift: false,
    recipient_phone: null,
    pos_id: null,
    cashier_id: null,
  };
}

function message(n: number, timeMs: number): Omit<MessageSent, 'event_type'> {
  return {
    ...envelope('', 2, n, timeMs),
    source: 'marketing',
    channel: 'email',
    store_id: null,
    message_id: `bench-${n}`,
    campaign_id: String(n % 27),
    creative_id: null,
    benefit_id: null,
    variant: null,
    experiment_id: null,
    automation: 'batch',
    cost_cents: 3,
    currency: 'USD',
  };
}

/** The codec of `highway` must have prepared the topics of the result. */
export function createRecords(highway: Highway): RecordSource {
  const sales = recordOf('pos_sale');
  const messages = recordOf('message_sent');
  if (sales === undefined || messages === undefined)
    throw new Error('the catalogue lacks pos_sale or message_sent');
  return {
    topics: [sales.topic, messages.topic],
    sale: (n, timeMs) => highway.message(sales.topic, sales.record, { ...sale(n, timeMs) }, timeMs),
    message: (n, timeMs) =>
      highway.message(
        messages.topic,
        messages.record,
        { ...message(n, timeMs), event_type: 'message_sent' },
        timeMs,
      ),
    reaction(eventType, n, timeMs, costCents = 0) {
      const found = recordOf(eventType);
      if (found === undefined) throw new Error(`the catalogue lacks ${eventType}`);
      const event = { ...message(n, timeMs), event_type: eventType, cost_cents: costCents };
      return highway.message(found.topic, found.record, event, timeMs);
    },
  };
}
