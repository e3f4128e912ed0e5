import type { AvroField } from './avro.ts';

/** Numbers that look random and are the same on every machine (mulberry32). */
export interface Draw {
  /** 0 <= x < 1. */
  fraction(): number;
  /** from <= n <= to. */
  whole(from: number, to: number): number;
  pick<T>(from: readonly [T, ...T[]]): T;
}

export function createDraw(seed: number): Draw {
  let state = seed >>> 0;
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (from: number, to: number) => from + Math.floor(fraction() * (to - from + 1));
  return { fraction, whole, pick: (from) => from[whole(0, from.length - 1)] ?? from[0] };
}

/** What the values of one sample have in common. */
export interface Scene {
  readonly draw: Draw;
  /** Number of the story that the sample belongs to. */
  readonly round: number;
  /** Number of the person that the sample is about. */
  readonly person: number;
  readonly now: number;
}

const twelve = (n: number) => n.toString(16).padStart(12, '0');

/** Clear identifiers of a made-up person; nobody's: reserved names, and numbers given to no one. */
const identifiers: Readonly<Record<string, (person: number) => string>> = {
  cust_id: (person) => `M${String(person).padStart(6, '0')}`,
  phone: (person) => `0922-000-${String(person % 1000).padStart(3, '0')}`,
  email: (person) => `member${person}@example.com`,
  line_id: (person) => `U${twelve(person).padStart(32, 'a')}`,
  mac: (person) => `3C5AB4${twelve(person).slice(-6)}`.toUpperCase().replace(/..(?!$)/g, '$&:'),
  invoice_carrier: (person) => `/ABC${String(person).padStart(4, '0')}`,
  social_id: (person) => `author-${person}`,
};

export function identifierOf(type: string, person: number): string {
  return identifiers[type]?.(person) ?? `${type}-${person}`;
}

const words = {
  queries: ['牛奶', '衛生紙', '咖啡豆', '無線耳機', '保濕面膜'],
  cities: ['臺北市', '新北市', '臺中市', '臺南市', '高雄市'],
  intents: ['track_order', 'product_inquiry', 'complaint'],
  paths: ['/', '/c/beverage', '/c/household', '/p/product-7', '/cart'],
} as const satisfies Record<string, readonly [string, ...string[]]>;

/** Texts that have a meaning of their own; any other text is the name of its field and a number. */
const texts: Readonly<Record<string, (scene: Scene) => string>> = {
  currency: () => 'TWD',
  order_id: ({ round }) => `order-${round}`,
  shipment_id: ({ round }) => `shipment-${round}`,
  payment_id: ({ round }) => `payment-${round}`,
  chat_id: ({ round }) => `chat-${round}`,
  case_id: ({ round }) => `case-${round}`,
  call_id: ({ round }) => `call-${round}`,
  cart_id: ({ round }) => `cart-${round}`,
  message_id: ({ round }) => `message-${round}`,
  invoice_no: ({ draw }) => `AB${draw.whole(10_000_000, 99_999_999)}`,
  invoice_period: () => '202612',
  carrier_type: () => '3J0002',
  seller_ubn: () => '12345675',
  h3_8: () => '884ba0a4e3fffff',
  address_h3: () => '884ba0a4e3fffff',
  region_h3: () => '884ba0a4e3fffff',
  query: ({ draw }) => draw.pick(words.queries),
  city: ({ draw }) => draw.pick(words.cities),
  intent: ({ draw }) => draw.pick(words.intents),
  url_path: ({ draw }) => draw.pick(words.paths),
  page: ({ draw }) => draw.pick(words.paths),
  entry_path: ({ draw }) => draw.pick(words.paths),
  referrer: () => 'https://example.com/',
  uuid: () => 'f7826da6-4fa2-4e98-8024-bc5b71e0893e',
  opening_hours: () => 'Mo-Su 10:00-22:00',
  dnis: () => '0800000123',
  scope: () => 'brand-a',
  from_hub_id: () => 'hub-1',
  to_hub_id: () => 'hub-2',
};

export function textOf(field: AvroField, scene: Scene): string {
  const own = texts[field.name];
  if (own !== undefined) return own(scene);
  if (field.name.endsWith('store_id')) return `store-${scene.draw.whole(1, 5)}`;
  if (field.name.endsWith('hub_id')) return `hub-${scene.draw.whole(1, 4)}`;
  return `${field.name.replace(/_(id|ref)$/, '').replaceAll('_', '-')}-${scene.draw.whole(1, 40)}`;
}

/** Ranges by name, first match; anything else is a small count. */
const ranges: readonly (readonly [name: RegExp, from: number, to: number])[] = [
  [/^(lat|home_lat)$/, 22.6, 25.1],
  [/^(lon|home_lon)$/, 120.2, 121.6],
  [/^sentiment$/, -1, 1],
  [/(confidence|rate|split|speed_factor)$/, 0, 1],
  [/^rssi_dbm$/, -90, -50],
  [/^tx_power_dbm$/, -62, -56],
  [/^(csat|rating)$/, 1, 5],
  [/^severity$/, 0, 3],
  [/_cents$/, 1_000, 90_000],
  [/_(ms|s|m2|cm3|g)$/, 20, 900],
  [/(followers|friends|reach|impressions|population)$/, 100, 9_000],
];

export function numberOf(field: AvroField, scene: Scene, isWhole: boolean): number {
  const [, from, to] = ranges.find(([name]) => name.test(field.name)) ?? ['', 1, 9];
  if (isWhole) return scene.draw.whole(Math.ceil(from), Math.floor(to));
  return Math.round((from + scene.draw.fraction() * (to - from)) * 10_000) / 10_000;
}
