import { randomUUID } from 'node:crypto';

/** How many customers the load has: enough that identifiers come new now and again. */
const CUSTOMERS = 50_000;

type Event = Readonly<Record<string, unknown>>;

function customer(n: number): string {
  return `C${String(n).padStart(8, '0')}`;
}

function productViewed(n: number, who: number, time: number): Event {
  return {
    event_type: 'product_viewed',
    event_id: randomUUID(),
    event_time: time,
    identities: [
      { id_type: 'cookie', id_value: `ck-${who}-x7f3a9` },
      { id_type: 'cust_id', scope: 'main', id_value: customer(who), verified: true },
    ],
    session_id: `s-${who}`,
    channel: 'web',
    url_path: `/p/${n % 9000}`,
    product_id: `P${n % 9000}`,
    category_id: `K${n % 300}`,
    engaged_ms: n % 60_000,
    device_class: 'mobile',
    utm_source: 'newsletter',
  };
}

function beaconSighted(n: number, who: number, time: number): Event {
  return {
    event_type: 'beacon_sighted',
    event_id: randomUUID(),
    event_time: time,
    identities: [{ id_type: 'device_id', id_value: `dev-${who}` }],
    channel: 'store_beacon',
    store_id: `S${n % 80}`,
    beacon_id: `B${n % 2000}`,
    rssi_dbm: -60 - (n % 30),
    tx_power_dbm: -59,
  };
}

function orderPlaced(n: number, who: number, time: number): Event {
  const lines = [1, 2, 3].map((line) => ({
    line_no: line,
    product_id: `P${(n * 7 + line) % 9000}`,
    qty: line,
    list_price_cents: 19_900,
    net_price_cents: 17_900,
    discount_cents: 2000,
    retail_discount_cents: 2000,
    promo_kind: 'retail',
  }));
  return {
    event_type: 'order_placed',
    event_id: randomUUID(),
    event_time: time,
    identities: [
      { id_type: 'cust_id', scope: 'main', id_value: customer(who), verified: true },
      { id_type: 'phone', id_value: `09${String(10_000_000 + who * 13).slice(0, 8)}` },
    ],
    channel: 'web',
    order_id: `O-${randomUUID()}`,
    order_channel: 'web',
    fulfil: 'ship',
    lines,
    gross_cents: 59_700,
    net_cents: 53_700,
    currency: 'TWD',
  };
}

/** The n-th event of the load: seven product views, two beacon sightings and one order of three lines in ten. */
export function benchEvent(n: number, time: number): Event {
  const who = (n * 7919) % CUSTOMERS;
  const kind = n % 10;
  if (kind === 9) return orderPlaced(n, who, time);
  return kind >= 7 ? beaconSighted(n, who, time) : productViewed(n, who, time);
}
