import {
  type Application,
  application,
  type Context,
  count,
  type InputRecord,
  jsonSerde,
  type KeyedStoreDefinition,
  rekey,
  type StreamTopic,
  stream,
  type TimerDefinition,
  table,
  tableJoin,
  topology,
  windowJoin,
} from '@zhongtai/streams';
import {
  applicationName,
  bucketMs,
  type Closed,
  type Enriched,
  type Member,
  type Order,
  type Paid,
  type Payment,
  type Total,
  topicNames,
  withinMs,
} from './records.ts';

function timed<T extends { readonly timeMs: number }>(name: string): StreamTopic<T> {
  return { name, partitions: 'P', serde: jsonSerde<T>(name), eventTimeMs: ({ timeMs }) => timeMs };
}

function plain<T>(name: string): StreamTopic<T> {
  return { name, partitions: 'P', serde: jsonSerde<T>(name) };
}

export const orders = timed<Order>(topicNames.orders);
export const payments = timed<Payment>(topicNames.payments);
export const members = timed<Member>(topicNames.members);
const echo = plain<Order>(topicNames.echo);
const enriched = timed<Enriched>(topicNames.enriched);
const totals = plain<Total>(topicNames.totals);
const closed = plain<Closed>(topicNames.closed);
const byCustomer = rekey('by-customer', jsonSerde<Paid>('paid'), { eventTimeMs: ({ timeMs }) => timeMs });

/** Every kind of step that can lose or double something: a copy in order, a window join, a new key. */
const match = (graceMs: number) =>
  topology('match', {
    order: 'free',
    idleMs: null,
    parts: [
      stream(orders, (record, context) => context.emit(echo, record.key, record.value), {
        name: 'echo',
        outputs: [echo],
      }),
      windowJoin({
        name: 'paid',
        left: orders,
        right: payments,
        beforeMs: withinMs,
        afterMs: withinMs,
        graceMs,
        match: (_key, { value: order }, { value: payment }, context) => {
          const { id, customer } = order;
          const timeMs = Math.max(order.timeMs, payment.timeMs);
          context.emit(byCustomer, customer, { order: id, payment: payment.id, customer, timeMs });
        },
        outputs: [byCustomer],
      }),
    ],
  });

const counts: KeyedStoreDefinition<number> = {
  kind: 'keyed',
  name: 'buckets',
  serde: jsonSerde<number>('bucket-count'),
};

/** A table join, a running count, and a count of each span that one timer says when the span is over. */
const customers = (graceMs: number) => {
  const known = table(members, { name: 'members' });
  const paidSoFar = count<Enriched>({
    name: 'totals',
    onChange: (key, value, context) => context.emit(totals, key, { count: value }),
    outputs: [totals],
  });
  const close: TimerDefinition = {
    name: 'close',
    stale: 'fire',
    onDue: ({ key }, context) => {
      const store = context.store(counts);
      const [customer = '', bucket = ''] = key.split('@');
      context.emit(closed, customer, { customer, bucketMs: Number(bucket), count: store.get(key) ?? 0 });
      store.delete(key);
    },
  };
  const use = (record: InputRecord<Paid>, version: number, context: Context) => {
    const value: Enriched = { ...record.value, version };
    context.emit(enriched, record.key, value);
    paidSoFar.add(context, record.key, value);
    countBucket(value, context);
  };
  const countBucket = (value: Enriched, context: Context) => {
    const bucket = Math.floor(value.timeMs / bucketMs) * bucketMs;
    const closesMs = bucket + bucketMs + graceMs;
    if (closesMs <= context.streamTimeMs) return context.late(context.streamTimeMs - closesMs);
    const store = context.store(counts);
    const key = `${value.customer}@${bucket}`;
    store.put(key, (store.get(key) ?? 0) + 1);
    context.wakeAt(close, key, closesMs);
  };
  return topology('customers', {
    order: 'arrival',
    idleMs: null,
    parts: [
      known,
      paidSoFar,
      { name: 'buckets', operator: 'timer', stores: [counts], timers: [close], outputs: [closed] },
      tableJoin({
        name: 'enrich',
        stream: byCustomer,
        table: known,
        join: (record, member, context) => use(record, member.version, context),
        otherwise: (record, context) => use(record, 0, context),
        outputs: [enriched],
      }),
    ],
  });
};

/**
 * The application under proof: rekey, window join, table join, count, timers.
 *
 * @param graceMs above the longest outage nothing may be late; a small one shows that late records are said.
 */
export function chain(graceMs: number): Application {
  return application(applicationName, [match(graceMs), customers(graceMs)]);
}
