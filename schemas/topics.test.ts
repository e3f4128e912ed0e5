import { describe, expect, it } from '@jest/globals';
import {
  type RecordEntry,
  recordNamed,
  recordOf,
  schemaOf,
  sources,
  subjectOf,
  type Topic,
  topics,
  topicsOf,
} from './index.ts';

const all = Object.values(topics)
  .filter(({ leg }) => leg === null || leg === 'highway')
  .flatMap((topic) => topic.records.map((record) => ({ topic, record })));
const events = all.filter(({ topic }) => topic.leg === 'highway');

/** Only the fields that the schema demands, each with its own name as value. */
function demanded(record: RecordEntry): Record<string, unknown> {
  const fields = schemaOf(record.name).fields.filter((field) => field.default === undefined);
  return Object.fromEntries(fields.map(({ name }) => [name, name]));
}
const actor = (id_type: string, id_value = id_type, role = 'actor') => ({ id_type, id_value, role });
const keyOf = (eventType: string, value: Record<string, unknown>) => {
  const found = recordOf(eventType);
  if (found === undefined) throw new Error(`no such event: ${eventType}`);
  return found.record.naturalKey(value);
};

describe('catalogue', () => {
  it('has one highway topic per source, with all its records', () => {
    expect(Object.keys(topics).filter((name) => name.startsWith('highway.'))).toEqual(
      sources.map((s) => `highway.${s}`),
    );
    expect(events).toHaveLength(69);
  });
  it('gives every topic an owner, labels in both languages, retention and partitions', () => {
    for (const topic of Object.values(topics)) {
      expect(topic.owner).not.toBe('');
      for (const { zh, en } of [topic.label, ...topic.records.map((record) => record.label)]) {
        expect(zh).toMatch(/\p{Script=Han}|LINE/u);
        expect(en).toMatch(/^[A-Za-z]/);
      }
      const days = topic.leg === null || topic.leg === 'highway' ? 14 : 3;
      expect(topic.retentionMs).toBe(topic.kind === 'table' ? null : days * 86_400_000);
      expect(topic.partitions).toBe('P');
    }
  });
  it('has the same records and keys on the way to the highway, stamped by the broker where senders are not ours', () => {
    for (const highway of topicsOf('highway')) {
      for (const leg of ['direct', 'inbound'] as const) {
        const topic = topicsOf(leg).find(({ source }) => source === highway.source);
        expect(topic?.name).toBe(`${leg}.${highway.source}`);
        expect(topic?.records).toBe(highway.records);
        expect(topic?.timestamps).toBe(leg === 'direct' ? 'broker' : 'sender');
      }
    }
    expect(recordNamed('zhongtai.order.PosSale')?.topic.name).toBe('highway.order');
  });
  it('finds topic and record of an event type', () => {
    expect(recordOf('pos_sale')?.topic.name).toBe('highway.order');
    expect(recordOf('no_such_event')).toBeUndefined();
  });
  it('gives each event record the name of its type', () => {
    for (const { topic, record } of events) {
      const name = record.name.split('.').at(-1) ?? '';
      expect(name.replace(/(?<!^)[A-Z]/g, '_$&').toLowerCase()).toBe(record.eventType);
      expect(record.name.split('.').at(1)).toBe(topic.source);
    }
  });
  it.each<[string, (t: Topic) => RecordEntry | undefined, string]>([
    [
      'highway.order',
      (topic) => topic.records.find(({ eventType }) => eventType === 'pos_sale'),
      'highway.order-zhongtai.order.PosSale',
    ],
    [
      'inbound.order',
      (topic) => topic.records.find(({ eventType }) => eventType === 'pos_sale'),
      'inbound.order-zhongtai.order.PosSale',
    ],
    ['late', (topic) => topic.records[0], 'late-value'],
    ['reference.promo_code', (topic) => topic.records[0], 'reference.promo_code-value'],
    ['dead-letter', (topic) => topic.records[0], 'dead-letter-value'],
  ])('subject of a record of %s', (name, pick, expected) => {
    const topic = topics[name];
    const record = topic === undefined ? undefined : pick(topic);
    if (topic === undefined || record === undefined) throw new Error(`no topic ${name}`);
    expect(subjectOf(topic, record)).toBe(expected);
  });
});

describe('loss classes', () => {
  const classOf = (lossClass: string) =>
    events
      .filter(({ record }) => record.lossClass === lossClass)
      .map(({ topic, record }) => ({ source: topic.source, type: record.eventType }));
  it('never sheds orders, payments, consents, registrations', () => {
    const kept = classOf('P0');
    expect(new Set(kept.map(({ source }) => source))).toEqual(new Set(['order', 'payment', 'marketing']));
    expect(kept.filter(({ source }) => source === 'marketing').map(({ type }) => type)).toEqual([
      'message_unsubscribed',
      'registration_started',
      'registration_completed',
      'consent_changed',
      'line_followed',
      'line_unfollowed',
      'account_linked',
    ]);
    expect(kept.filter(({ source }) => source !== 'marketing')).toHaveLength(18);
  });
  it('sheds social first', () => {
    expect(classOf('P3').map(({ source }) => source)).toEqual(['social', 'social', 'social', 'social']);
  });
});

describe('keys', () => {
  /** Marketing and beacon events are about somebody: the schema demands no id, the sender names an actor. */
  const somebody = { identities: [actor('email')] };

  it.each(events.map(({ record }) => record.eventType))('%s never falls through', (eventType) => {
    const found = recordOf(eventType);
    if (found === undefined) throw new Error('not in the catalogue');
    const { topic, record } = found;
    const named = topic.source === 'marketing' || topic.source === 'beacon';
    expect(record.naturalKey({ ...demanded(record), ...(named ? somebody : {}) })).not.toBeNull();
  });
  it.each(
    all.filter(({ topic }) => topic.leg === null).map(({ topic, record }) => [topic.name, record] as const),
  )('%s never falls through', (_, record) => {
    const value = {
      ...demanded(record),
      partition: 0,
      offset: 1,
      day: 19_000,
      kind: 'k',
      limit_app: 'default',
    };
    expect(record.key(value)).toMatch(/./);
  });
  it('falls back to the event id, so a repeat lands on the same partition', () => {
    const { key, naturalKey } = recordOf('page_viewed')?.record ?? {};
    expect(naturalKey?.({ event_id: 'e1', identities: [] })).toBeNull();
    expect(key?.({ event_id: 'e1', identities: [] })).toBe('e1');
  });

  it('marketing: session, cookie, device, LINE, then the strongest actor', () => {
    const ids = ['cookie', 'device_id', 'line_id', 'cust_id', 'phone', 'email', 'fb_id', 'mac'];
    const value = { session_id: 's', identities: ids.map((id) => actor(id)).toReversed() };
    const seen = [keyOf('page_viewed', value)];
    for (let left = ids; left.length > 0; left = left.slice(1)) {
      seen.push(
        keyOf('page_viewed', { session_id: null, identities: left.map((id) => actor(id)).toReversed() }),
      );
    }
    expect(seen).toEqual(['s', ...ids]);
  });
  it('beacon: device, mac, LINE, member', () => {
    const value = {
      mac: 'mac-field',
      identities: ['cust_id', 'line_id', 'mac', 'device_id'].map((id) => actor(id)),
    };
    const without = (...ids: string[]) => ({
      ...value,
      identities: value.identities.filter(({ id_type }) => !ids.includes(id_type)),
    });
    expect(keyOf('beacon_sighted', value)).toBe('device_id');
    expect(keyOf('beacon_sighted', without('device_id'))).toBe('mac');
    expect(keyOf('beacon_sighted', without('device_id', 'mac'))).toBe('mac-field');
    expect(keyOf('beacon_sighted', { ...without('device_id', 'mac'), mac: null })).toBe('line_id');
    expect(keyOf('beacon_sighted', { ...without('device_id', 'mac', 'line_id'), mac: null })).toBe('cust_id');
  });
  it.each<[string, Record<string, unknown>, string]>([
    ['order_placed', { order_id: 'o', lines: [{ product_id: 'p' }] }, 'o'],
    ['invoice_voided', { order_id: 'o', invoice_no: 'AB12345678' }, 'o'],
    ['member_merged', { from_cust_id: 'a', to_cust_id: 'b' }, 'b'],
    ['loyalty_changed', { cust_id: 'c', order_id: null }, 'c'],
    ['price_changed', { product_id: 'p' }, 'p'],
    ['inventory_changed', { node_id: 'n', product_id: 'p' }, 'n|p'],
    ['payment_failed', { payment_id: 'pay', order_id: 'o', bank_id: 'b' }, 'o'],
    ['pay_channel_status', { bank_id: 'b' }, 'b'],
    ['parcel_scanned', { parcel_id: 'p', shipment_id: 's', hub_id: 'h' }, 's'],
    ['hub_capacity_reported', { hub_id: 'h' }, 'h'],
    ['merchant_ship_plan', { merchant_id: 'm', origin_hub_id: 'h' }, 'h'],
    ['chat_message', { chat_id: 'c' }, 'c'],
    ['case_opened', { case_id: 'case', call_id: 'call' }, 'case'],
    ['call_ended', { call_id: 'call' }, 'call'],
    ['social_engagement', { author_id: 'a', target_post_id: 'p' }, 'a'],
  ])('%s', (eventType, value, expected) => expect(keyOf(eventType, value)).toBe(expected));

  it('takes actors only and does not mind the order of identifiers', () => {
    const pair = [actor('cookie', 'b'), actor('cookie', 'a')];
    expect(keyOf('page_viewed', { identities: pair })).toBe('a');
    expect(keyOf('page_viewed', { identities: pair.toReversed() })).toBe('a');
    expect(keyOf('page_viewed', { identities: [actor('phone', 'p', 'recipient')] })).toBeNull();
  });
  it('gives the same key for the same tokens, whatever else the event says', () => {
    for (const { record } of events) {
      const value = { ...demanded(record), identities: [actor('cust_id', 'token-1')], session_id: 's' };
      const again = { ...value, ingest_time: 5, source_system: 'other', is_test: true };
      expect(record.key(again)).toBe(record.key(value));
    }
  });
});
