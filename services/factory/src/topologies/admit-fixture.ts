import { createIdentifiers, createTokens, createVaultCipher } from '@zhongtai/domain';
import { ZhongtaiError } from '@zhongtai/runtime';
import { recordOf, schemaText, topicsOf } from '@zhongtai/schemas';
import { sampleEvent } from '@zhongtai/schemas/sample';
import type { Context, EmitOptions, Topology, WindowStore, WindowStoreDefinition } from '@zhongtai/streams';
import avro, { type Type } from 'avsc';
import type { AdmitParts } from './admit.ts';

/** A time within the tables' years at which the tests' events came in. */
export const noon = Date.UTC(2026, 10, 23, 4);

interface Known {
  readonly id: number;
  readonly recordName: string;
  readonly text: string;
  readonly type: Type;
}

/** The highway's codec over all schemas of the catalogue, each with its place in it as the id; no registry. */
export function catalogueCodec(): AdmitParts['codec'] {
  const known: Known[] = [];
  const names = [
    ...topicsOf('highway').flatMap(({ records }) => records.map(({ name }) => name)),
    'zhongtai.vault.Identifier',
    'zhongtai.reference.Store',
  ];
  for (const recordName of names) {
    const text = schemaText(recordName);
    known.push({ id: known.length, recordName, text, type: avro.Type.forSchema(JSON.parse(text)) });
  }
  const of = (bytes: Buffer): Known => {
    const found = known[bytes[0] === 0 && bytes.length > 4 ? bytes.readUInt32BE(1) : -1];
    if (found === undefined) throw new ZhongtaiError('ZT-HIGHWAY-NOT-AVRO', 'bad_record', 'no schema');
    return found;
  };
  return {
    schemaIdOf: (bytes) => (bytes[0] === 0 && bytes.length > 4 ? bytes.readUInt32BE(1) : undefined),
    writerOf: (id) => known[id],
    encode(_topic, recordName, value) {
      const schema = known.find((each) => each.recordName === recordName);
      if (schema === undefined) throw new Error(`no schema of ${recordName}`);
      const frame = Buffer.alloc(5);
      frame.writeUInt32BE(schema.id, 1);
      return Buffer.concat([frame, schema.type.toBuffer(value)]);
    },
    decode<T>(bytes: Buffer) {
      const { id, recordName, type } = of(bytes);
      const value: T = type.fromBuffer(bytes.subarray(5));
      return { schemaId: id, recordName, value };
    },
  };
}

/** What `admit` needs, with a codec of the tests. */
export function admitParts(codec: AdmitParts['codec'] = catalogueCodec()): AdmitParts {
  return {
    codec,
    identifiers: createIdentifiers({
      tokens: createTokens('s'.repeat(32)),
      capacity: 1000,
      maxAgeMs: 3_600_000,
    }),
    cipher: createVaultCipher(Buffer.alloc(32, 1)),
    secretVersion: 3,
    limits: { maxStringLength: 1000, maxItems: 100, maxDepth: 16 },
    maxFutureMs: 3_600_000,
  };
}

/** An event as a publisher with a Kafka client sends it: all fields there, identifiers in clear. */
export function directEvent(eventType: string, own: Readonly<Record<string, unknown>> = {}) {
  const found = recordOf(eventType);
  if (found === undefined) throw new Error(`${eventType} is not in the catalogue`);
  const { topic, record } = found;
  const type = avro.Type.forSchema(JSON.parse(schemaText(record.name)));
  const sample = { ...sampleEvent(eventType, { now: noon }), link: null, source: topic.source, ...own };
  // Encoding fills the defaults in, as a typed client's class would.
  const event: Record<string, unknown> = { ...type.fromBuffer(type.toBuffer(sample)) };
  return { recordName: record.name, event };
}

export interface Emitted {
  readonly topic: string;
  readonly key: string;
  readonly value: unknown;
  readonly bytes: Buffer;
  readonly options: EmitOptions | undefined;
}

/** Hands records to the rules of a topology, one by one, and shows what they did. */
export interface RuleBench {
  readonly emitted: Emitted[];
  /** Drops by reason and dead letters by `code: message`, in order. */
  readonly refused: string[];
  /** What was emitted to a topic. */
  valuesOn(topic: string): Record<string, unknown>[];
  put(
    topic: string,
    bytes: Buffer,
    own?: { key?: string; partition?: number; at?: number; headers?: Record<string, Buffer> },
  ): void;
}

export function ruleBench({ parts }: Topology, { decode }: Pick<AdmitParts['codec'], 'decode'>): RuleBench {
  const emitted: Emitted[] = [];
  const refused: string[] = [];
  const stores = new Map<string, Map<string, unknown>>();
  let streamTimeMs = 0;
  let offset = 0;

  function window<V>({ name, retentionMs }: WindowStoreDefinition<V>): WindowStore<V> {
    const entries = stores.get(name) ?? new Map<string, unknown>();
    stores.set(name, entries);
    const isKept = (timeMs: number) => timeMs >= streamTimeMs - retentionMs;
    const absent = () => {
      throw new Error('the rules do not need it');
    };
    return {
      get: (key, timeMs) => (isKept(timeMs) ? (entries.get(`${key} ${timeMs}`) as V | undefined) : undefined),
      put: (key, timeMs, value) => isKept(timeMs) && entries.set(`${key} ${timeMs}`, value).size > 0,
      delete: absent,
      fetch: absent,
    };
  }

  return {
    emitted,
    refused,
    valuesOn: (name) => emitted.flatMap(({ topic, value }) => (topic === name ? [{ ...Object(value) }] : [])),
    put(topic, bytes, { key = 'k', partition = 0, at = noon, headers = {} } = {}) {
      const input = parts.flatMap(({ inputs = [] }) => inputs).find((each) => each.topic.name === topic);
      if (input === undefined) throw new Error(`no input ${topic}`);
      streamTimeMs = Math.max(streamTimeMs, at);
      offset += 1;
      const place = { topic, partition, offset, key, headers };
      const record = { ...place, value: bytes, bytes, eventTimeMs: at, ingestTimeMs: at };
      const context: Pick<
        Context,
        'window' | 'emitBytes' | 'drop' | 'deadLetter' | 'partition' | 'streamTimeMs'
      > = {
        partition,
        streamTimeMs,
        window,
        emitBytes: (to, toKey, value, options) => {
          emitted.push({ topic: to.name, key: toKey, value: decode(value).value, bytes: value, options });
        },
        drop: (reason) => refused.push(reason),
        deadLetter: (reason, message) => refused.push(`${reason} ${message}`),
      };
      input.handle(record, context as Context);
    },
  };
}
