import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { createVaultCipher } from '@zhongtai/domain';
import { createHighway, type Highway } from '@zhongtai/highway';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { recordOf, subjectOf, topics, topicsOf } from '@zhongtai/schemas';
import { sampleEvent } from '@zhongtai/schemas/sample';
import { type Platform, startPlatform } from '@zhongtai/scripts/platform/platform.ts';
import { createKafka } from '../interop/clients/kafka-common.ts';

const types = [
  'order_placed',
  'pos_sale',
  'page_viewed',
  'beacon_sighted',
  'payment_captured',
  'chat_message',
];
const CLEAR = /955444321|0955-444-321/;
type Event = Readonly<Record<string, unknown>>;

interface Read {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly timestampMs: number;
  readonly value: Record<string, unknown>;
  readonly text: string;
}

let directory: string;
let platform: Platform;
let highway: Highway;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'zhongtai-admit-'));
  platform = await startPlatform({
    directory,
    ports: 'free',
    parts: ['kafka', 'registry'],
    services: ['factory', 'api-gateway'],
  });
  highway = createHighway({
    brokers: platform.brokers,
    registryUrl: platform.registryUrl,
    clientId: 'admit-test',
    partitions: 4,
    logger: createLogger({ name: 'admit-test', level: 'silent' }),
    metrics: createMetrics(),
  });
}, 180_000);

afterAll(async () => {
  await highway.close();
  await platform.stop();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

const phone = { id_type: 'phone', scope: '', id_value: '0955-444-321', role: 'actor', verified: true };

/** A good event of any type, as every source system knows it. */
function event(index: number): Event {
  const type = types[index % types.length] ?? '';
  const sample = sampleEvent(type, { index, now: Date.now() - 3_600_000 });
  const { source_system: _ours, ...own } = sample;
  const known = Array.isArray(sample['identities']) ? sample['identities'] : [];
  return { ...own, event_id: randomUUID(), identities: [...known, phone] };
}

/** Each wrong in its own way. */
function spoilt(index: number): Event {
  const ways: readonly Event[] = [
    { event_time: Date.now() + 7_200_000 },
    { event_id: 'till-7' },
    { identities: [{ ...phone, id_value: '0955-44' }] },
    { source: 'social' },
    { event_type: 'order_eaten' },
  ];
  return { ...event(index), ...ways[index % ways.length] };
}

/** A publisher with its own Kafka client, which has nothing of ours but names: topic, subject. */
async function publishDirect(good: readonly Event[], bad: readonly Event[]): Promise<void> {
  const registry = new SchemaRegistry({ host: platform.registryUrl });
  const producer = createKafka([...platform.brokers]).producer();
  await producer.connect();
  for (const [index, each] of [...good, ...bad].entries()) {
    const { topic, record } = recordOf(String(each['event_type'])) ?? recordOf('pos_sale') ?? {};
    if (topic === undefined || record === undefined) throw new Error('no record');
    const direct = topicsOf('direct').find(({ source }) => source === topic.source);
    if (direct === undefined) throw new Error('no direct topic');
    const id = await registry.getLatestSchemaId(subjectOf(direct, record));
    const filled = { link: null, source: topic.source, source_system: 'partner', ...each };
    const isRubbish = bad.includes(each) && index % 10 === 9;
    const value = isRubbish
      ? Buffer.from(JSON.stringify(each))
      : await registry.encode(id, sparse(filled, record.name));
    await producer.send({ topic: direct.name, messages: [{ key: `any-${index}`, value }] });
  }
  await producer.disconnect();
}

/** A spoilt type goes out in the schema of a sale, of which it has not all fields. */
function sparse(value: Event, recordName: string): Event {
  return value['event_type'] === 'order_eaten'
    ? { ...sampleEvent('pos_sale', { now: Date.now() }), ...value, order_id: recordName, source: 'order' }
    : value;
}

async function post(body: unknown): Promise<{ status: number; accepted: number; rejected: number }> {
  const response = await fetch(`${platform.gatewayUrl}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${platform.secrets.apiKey}` },
    body: JSON.stringify(body),
  });
  const { accepted = 0, rejected = [] } = JSON.parse(await response.text());
  return { status: response.status, accepted, rejected: rejected.length };
}

/** All committed records of these topics, decoded. */
async function read(names: readonly string[]): Promise<Read[]> {
  const reader = highway.createStreamLog().createReader();
  const places = names.flatMap((topic) => [0, 1, 2, 3].map((partition) => ({ topic, partition })));
  const found: Read[] = [];
  for (const { earliest, end, ...place } of await reader.bounds(places)) {
    for (let offset = earliest; offset < end; ) {
      const page = await reader.read(place, offset);
      if (page === null) throw new Error(`no offset ${offset}`);
      await highway.codec.learn(highway.codec.unlearned(page.records.map(({ value }) => value)));
      for (const { key, value, timestampMs } of page.records) {
        if (value === null) continue;
        const decoded: Record<string, unknown> = { ...highway.codec.decode<object>(value).value };
        const text = `${value.toString('latin1')}${key}`;
        found.push({ ...place, key: String(key), timestampMs, value: decoded, text });
      }
      offset = page.nextOffset;
    }
  }
  await reader.close();
  return found;
}

async function metric(url: string, name: RegExp): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => name.test(line))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

const highwayTopics = topicsOf('highway').map(({ name }) => name);
const idsOf = (records: readonly Read[]): string[] => records.map(({ value }) => String(value['event_id']));

async function untilSettled(events: number, letters: number): Promise<void> {
  const until = Date.now() + 60_000;
  while (Date.now() < until) {
    const [onHighway, dead] = [await read(highwayTopics), await read(['dead-letter'])];
    const dropped = await metric(platform.factoryUrl, /^zhongtai_streams_dropped_total.*"repeat"/);
    if (onHighway.length >= events && dead.length >= letters && dropped >= 100) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

describe('a direct publisher and the API, with a hundred events sent both ways', () => {
  const both = Array.from({ length: 100 }, (_, n) => event(n));
  const direct = [...both, ...Array.from({ length: 850 }, (_, n) => event(100 + n))];
  const api = [...both, ...Array.from({ length: 850 }, (_, n) => event(1000 + n))];
  const spoiltDirect = Array.from({ length: 50 }, (_, n) => spoilt(n));
  const spoiltApi = Array.from({ length: 50 }, (_, n) => spoilt(n));
  let events: Read[];
  let letters: Read[];

  beforeAll(async () => {
    await Promise.all([
      publishDirect(direct, spoiltDirect),
      (async () => {
        for (let from = 0; from < api.length; from += 50) {
          expect(await post(api.slice(from, from + 50))).toEqual({ status: 202, accepted: 50, rejected: 0 });
        }
        expect(await post(spoiltApi)).toEqual({ status: 400, accepted: 0, rejected: 50 });
      })(),
    ]);
    await untilSettled(1800, 50);
    events = await read(highwayTopics);
    letters = await read(['dead-letter']);
  }, 180_000);

  it('brings 1,800 events onto the highway, each once', async () => {
    const sent = new Set([...direct, ...api].map(({ event_id: id }) => String(id)));
    expect(sent.size).toBe(1800);
    expect(events).toHaveLength(1800);
    expect(new Set(idsOf(events))).toEqual(sent);
    expect(await metric(platform.factoryUrl, /^zhongtai_streams_dropped_total.*"repeat"/)).toBe(100);
  });

  it('sets the direct publisher’s 50 bad events aside, sealed, and counts the API’s', async () => {
    expect(letters).toHaveLength(50);
    const cipher = createVaultCipher(Buffer.from(platform.secrets.vaultKey, 'hex'));
    const opened = letters.map(({ value }) => {
      const { key_id: keyId, iv, tag, value: ciphertext } = value as Record<string, Buffer>;
      return cipher.openBytes({ keyId: String(keyId), iv, tag, ciphertext } as never).toString('latin1');
    });
    expect(opened.filter((text) => CLEAR.test(text)).length).toBeGreaterThan(20);
    expect(letters.filter(({ text }) => CLEAR.test(text))).toEqual([]);
    const codes = new Set(letters.map(({ value }) => value['code']));
    expect(codes).toEqual(
      new Set([
        'ZT-ADMIT-FUTURE',
        'ZT-ADMIT-EVENT-ID',
        'ZT-ID-PHONE',
        'ZT-ADMIT-SOURCE',
        'ZT-ADMIT-UNKNOWN-TYPE',
        'ZT-HIGHWAY-NOT-AVRO',
      ]),
    );
    expect(await metric(platform.gatewayUrl, /^zhongtai_gateway_events_total.*"rejected"/)).toBe(50);
  });

  it('keys, places and stamps them as the catalogue says, with tokens only', async () => {
    const log = highway.createStreamLog();
    for (const { topic, partition, key, value, timestampMs, text } of events) {
      expect(CLEAR.test(text)).toBe(false);
      const record = recordOf(String(value['event_type']))?.record;
      expect(record?.key(value)).toBe(key);
      expect(log.partitionOf(Buffer.from(key), 4)).toBe(partition);
      expect(value['ingest_time']).toBe(timestampMs);
      expect(topics[topic]?.source).toBe(value['source']);
    }
    expect(new Set((await read(['vault.identifier'])).map(({ key }) => key)).size).toBeGreaterThan(1);
  });
});
