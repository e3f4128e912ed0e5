import { type AvroField, type AvroRecord, type AvroType, envelopeFields, schemaOf } from './avro.ts';
import type { RecordEntry } from './catalogue.ts';
import { createDraw, identifierOf, numberOf, type Scene, textOf } from './sample-values.ts';
import { recordOf, topics } from './topics.ts';

export interface SampleOptions {
  /** Same seed and index, same sample. */
  readonly seed?: number;
  readonly index?: number;
  /** Moment that the times of the sample lie around, in ms. */
  readonly now?: number;
}

/** A record in the JSON form in which a source system sends it: identifiers in clear, no link. */
export type Sample = Record<string, unknown>;

const people = 30;
const minuteMs = 60_000;
const defaultNow = Date.UTC(2026, 10, 11, 4);
const filledByGateway = new Set(['link', 'source', 'ingest_time']);
/** Who is known at a source, strongest first. */
const knownBy: Readonly<Record<string, readonly string[]>> = {
  callcenter: ['phone', 'cust_id'],
  marketing: ['cookie', 'device_id', 'line_id'],
  beacon: ['device_id', 'cust_id'],
  chatbot: ['line_id'],
  logistics: [],
  social: ['fb_id'],
  payment: ['cust_id'],
  order: ['cust_id', 'phone'],
};

/** A valid event of a type, made from its schema. */
export function sampleEvent(eventType: string, options: SampleOptions = {}): Sample {
  const found = recordOf(eventType);
  if (found === undefined) throw new RangeError(`no such event type: ${eventType}`);
  const { topic, record } = found;
  const scene = sceneOf(record.name, options);
  const envelope = new Set(envelopeFields().map(({ name }) => name));
  const own = schemaOf(record.name).fields.filter(({ name }) => !envelope.has(name));
  const types = knownBy[topic.source ?? ''] ?? [];
  return settle({
    event_type: eventType,
    event_id: uuidOf(scene),
    event_time: scene.now - scene.draw.whole(0, 10) * minuteMs,
    source_system: 'sample',
    channel: topic.source === 'order' && eventType === 'pos_sale' ? 'store_pos' : 'web',
    store_id: `store-${scene.draw.whole(1, 5)}`,
    session_id: topic.source === 'marketing' ? `session-${scene.person}` : null,
    identities: types.map((type) => ({
      id_type: type,
      scope: type === 'cust_id' ? 'brand-a' : '',
      id_value: identifierOf(type, scene.person),
      role: 'actor',
      verified: type === 'cust_id',
    })),
    ...makeValues(own, schemaOf(record.name), scene),
    ...(eventType === 'pos_sale' ? { order_id: `sale-${scene.round}` } : {}),
  });
}

/** A valid record that is no event, such as reference data. */
export function sampleRecord(recordName: string, options: SampleOptions = {}): Sample {
  const schema = schemaOf(recordName);
  return makeValues(schema.fields, schema, sceneOf(recordName, options));
}

/** Events without end, in rounds of one event of each type, all of a round about one person and order. */
export function* sampleEvents({ seed = 1, now = defaultNow }: SampleOptions = {}): Generator<Sample> {
  const types = Object.values(topics)
    .flatMap((topic): readonly RecordEntry[] => (topic.leg === 'highway' ? topic.records : []))
    .map(({ eventType }) => eventType);
  for (let index = 0; ; index += 1) {
    for (const eventType of types) yield sampleEvent(eventType, { seed, index, now });
  }
}

function sceneOf(name: string, { seed = 1, index = 0, now = defaultNow }: SampleOptions): Scene {
  let mixed = Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b);
  for (const letter of name) mixed = Math.imul(mixed ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return { draw: createDraw(mixed), round: index, person: 1 + ((index * 7 + seed) % people), now };
}

function uuidOf({ draw, now }: Scene): string {
  const time = now.toString(16).padStart(12, '0');
  const hex = () => draw.whole(0, 0xffff).toString(16).padStart(4, '0');
  const tail = `${hex()}${hex()}${hex()}`;
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex().slice(1)}-8${hex().slice(1)}-${tail}`;
}

function makeValues(fields: readonly AvroField[], schema: AvroRecord, scene: Scene): Sample {
  const sent = fields.filter(({ name }) => !filledByGateway.has(name));
  return Object.fromEntries(sent.map((field) => [field.name, makeValue(field, field.type, schema, scene)]));
}

function makeValue(field: AvroField, type: AvroType, schema: AvroRecord, scene: Scene): unknown {
  if (typeof type === 'string') return plainValue(field, type, schema, scene);
  if (isUnion(type)) {
    const isAbsent = scene.draw.whole(0, 3) === 0 && field.required !== true;
    return isAbsent ? null : makeValue(field, type.at(-1) ?? 'null', schema, scene);
  }
  if (type.type === 'array') {
    return Array.from({ length: scene.draw.whole(1, 3) }, () => makeValue(field, type.items, schema, scene));
  }
  if (type.type === 'enum') {
    const [first = '', ...rest] = type.symbols.filter((symbol) => symbol !== 'unknown' && symbol !== 'other');
    return scene.draw.pick([first, ...rest]);
  }
  if (type.type === 'record') return makeValues(type.fields, schema, scene);
  return type.logicalType === 'date'
    ? Math.floor(scene.now / 86_400_000)
    : scene.now + scene.draw.whole(1, 2_880) * minuteMs;
}

function plainValue(field: AvroField, type: string, schema: AvroRecord, scene: Scene): unknown {
  if (type === 'string') {
    return field.identifier === undefined
      ? textOf(field, scene)
      : identifierOf(field.identifier, personOf(field, scene));
  }
  if (type === 'int' || type === 'long') return numberOf(field, scene, true);
  if (type === 'double') return numberOf(field, scene, false);
  if (type === 'boolean') return field.default === true;
  if (type === 'bytes') return Buffer.from(textOf(field, scene));
  const named = namedType(type, schema);
  return named === undefined ? null : makeValue(field, named, schema, scene);
}

/** Whoever else a record names (a merged member, a recipient) is another person. */
function personOf({ name }: AvroField, { person, draw }: Scene): number {
  return /^(from_|recipient_|referrer_|mentioned_)/.test(name) ? people + draw.whole(1, people) : person;
}

function namedType(name: string, schema: AvroRecord): AvroType | undefined {
  const search = (type: AvroType): AvroType | undefined => {
    if (typeof type === 'string') return undefined;
    if (isUnion(type)) return type.map(search).find((found) => found !== undefined);
    if (type.type === 'array') return search(type.items);
    if (type.type !== 'record' && type.type !== 'enum') return undefined;
    if (`${type.namespace}.${type.name}` === name) return type;
    if (type.type === 'enum') return undefined;
    return type.fields.map((field) => search(field.type)).find((found) => found !== undefined);
  };
  return search(schema);
}

/** Makes the sums of an order right, and a sale at a till one. */
function settle(sample: Sample): Sample {
  const { lines } = sample;
  if (!Array.isArray(lines) || !('net_cents' in sample)) return sample;
  const settled = lines.map((line: Sample & { readonly list_price_cents: number }, at) => {
    const discount = Math.floor(line.list_price_cents / 10);
    return {
      ...line,
      line_no: at + 1,
      net_price_cents: line.list_price_cents - discount,
      discount_cents: discount,
      retail_discount_cents: discount,
      coupon_discount_cents: 0,
      match_discount_cents: 0,
      points_discount_cents: 0,
      promo_kind: 'retail',
    };
  });
  const net = settled.reduce((sum, line) => sum + line.net_price_cents, 0);
  const gross = settled.reduce((sum, line) => sum + line.list_price_cents, 0);
  const { event_type: eventType } = sample;
  const till = eventType === 'pos_sale' ? { order_channel: 'pos', fulfil: 'cash_carry' } : {};
  const sums = { gross_cents: gross, net_cents: net, tax_cents: Math.round(net / 21) };
  return { ...sample, ...till, lines: settled, ...sums };
}

function isUnion(type: AvroType): type is readonly AvroType[] {
  return Array.isArray(type);
}
