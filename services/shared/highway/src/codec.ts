import { messageOf } from '@zhongtai/runtime';
import type { Type } from 'avsc';
import { AvroSchema } from './avro-schema.ts';
import type { Contract, TopicRef } from './catalogue.ts';
import type { AvroType, Codec, Decoded, WriterSchema } from './codec-types.ts';
import { HighwayError } from './errors.ts';
import type { HighwayMetrics } from './metrics.ts';
import type { RegistryClient } from './registry-client.ts';

const magic = 0;
const frameBytes = 5;
const slabBytes = 256 * 1024;
/** An id that the registry did not have is asked again after this time: it may have been restored. */
const unknownForMs = 60_000;
const maxUnknownIds = 10_000;

interface Prepared {
  readonly id: number;
  readonly type: Type;
  readonly schema: AvroSchema;
}

interface Reading {
  readonly writer: WriterSchema;
  /** The schema that shapes the result: ours where we have one. */
  readonly reader: AvroSchema;
  /** Undefined when writer and reader are the same text. */
  readonly resolver: unknown;
  /** The same for the wide type, made when the first long beyond 2^52 comes. */
  wideResolver?: unknown;
}

/** A schema that the registry has and nobody can read records by; `why` is for people. */
interface Unreadable {
  readonly writer?: WriterSchema;
  readonly why: string;
}

export class AvroCodec implements Codec {
  readonly #registry: RegistryClient;
  readonly #contract: Contract;
  readonly #metrics: HighwayMetrics;
  readonly #clock: () => number;
  /** topic -> record name -> schema; two maps, so that encoding builds no key. */
  readonly #prepared = new Map<string, Map<string, Prepared>>();
  readonly #schemas = new Map<string, AvroSchema>();
  readonly #readings = new Map<number, Reading | Unreadable>();
  readonly #unknown = new Map<number, number>();
  #slab = Buffer.allocUnsafeSlow(slabBytes);
  #at = 0;

  constructor(registry: RegistryClient, contract: Contract, metrics: HighwayMetrics, clock: () => number) {
    this.#registry = registry;
    this.#contract = contract;
    this.#metrics = metrics;
    this.#clock = clock;
  }

  async prepare(topics: readonly TopicRef[]): Promise<void> {
    const work = topics.flatMap((topic) => topic.records.map((record) => ({ topic, record })));
    const next = work.values();
    // A few at a time: a registry on the same small machine answers no faster to forty at once.
    const worker = async () => {
      for (const { topic, record } of next) await this.#prepareOne(topic, record);
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
  }

  async #prepareOne(topic: TopicRef, record: TopicRef['records'][number]): Promise<void> {
    const text = this.#contract.schemaText(record.name);
    const schema = this.#schemas.get(record.name) ?? new AvroSchema(text);
    const { type } = schema;
    const id = await this.#registry.register(this.#contract.subjectOf(topic, record), text);
    this.#schemas.set(record.name, schema);
    const ofTopic = this.#prepared.get(topic.name) ?? new Map<string, Prepared>();
    ofTopic.set(record.name, { id, type, schema });
    this.#prepared.set(topic.name, ofTopic);
    this.#readings.set(id, {
      writer: { id, recordName: record.name, type, text },
      reader: schema,
      resolver: undefined,
    });
  }

  encode(topic: string, recordName: string, value: unknown): Buffer {
    const prepared = this.#prepared.get(topic)?.get(recordName);
    if (prepared === undefined) {
      throw new HighwayError('ZT-HIGHWAY-NOT-PREPARED', `no schema prepared for ${recordName} on ${topic}`);
    }
    let end = this.#write(prepared, value);
    if (end < 0) {
      // What is missing is known only from the negative answer; a record larger than a slab gets one of its own.
      this.#slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, frameBytes + this.#at - end + slabBytes));
      this.#at = 0;
      end = this.#write(prepared, value);
    }
    const framed = this.#slab.subarray(this.#at, end);
    this.#at = end;
    return framed;
  }

  #write({ id, type, schema }: Prepared, value: unknown): number {
    const start = this.#at;
    if (start + frameBytes > this.#slab.length) return -frameBytes;
    this.#slab[start] = magic;
    this.#slab.writeInt32BE(id, start + 1);
    try {
      return type.encode(value, this.#slab, start + frameBytes);
    } catch {
      // Wrong, or a long beyond 2^52.
      if (!schema.wide.isValid(value)) throw schema.unencodable(value);
      return schema.wide.encode(value, this.#slab, start + frameBytes);
    }
  }

  typeOf(recordName: string): AvroType {
    const schema = this.#schemas.get(recordName);
    if (schema === undefined)
      throw new HighwayError('ZT-HIGHWAY-NOT-PREPARED', `no schema prepared for ${recordName}`);
    return schema.type;
  }

  decode<T = unknown>(bytes: Buffer): Decoded<T> {
    const id = this.schemaIdOf(bytes);
    if (id === undefined) throw new HighwayError('ZT-HIGHWAY-NOT-AVRO', 'the value is not framed avro');
    const reading = this.#readings.get(id) ?? this.#absent(id);
    if ('why' in reading) {
      throw new HighwayError('ZT-HIGHWAY-UNDECODABLE', reading.why, { details: { schemaId: id } });
    }
    const value = read(reading, bytes, id);
    // The border: the value was read by the schema from which T was generated.
    return { schemaId: id, recordName: reading.writer.recordName, value: value as T };
  }

  #absent(id: number): never {
    if (this.#unknown.has(id)) {
      throw new HighwayError('ZT-HIGHWAY-UNKNOWN-SCHEMA', `the registry has no schema ${id}`, {
        details: { schemaId: id },
      });
    }
    throw new HighwayError('ZT-HIGHWAY-NOT-PREPARED', `schema ${id} has not been learned`, {
      details: { schemaId: id },
    });
  }

  schemaIdOf(bytes: Buffer): number | undefined {
    return bytes.length >= frameBytes && bytes[0] === magic ? bytes.readUInt32BE(1) : undefined;
  }

  unlearned(values: Iterable<Buffer | null>): number[] {
    const ids = new Set<number>();
    for (const value of values) {
      const id = value === null ? undefined : this.schemaIdOf(value);
      if (id !== undefined && !this.#readings.has(id) && !this.#isUnknown(id)) ids.add(id);
    }
    return [...ids];
  }

  async learn(ids: Iterable<number>): Promise<void> {
    for (const id of new Set(ids)) {
      if (this.#readings.has(id) || this.#isUnknown(id)) continue;
      const text = await this.#find(id);
      this.#metrics.schemasLearned.inc({ result: text === null ? 'unknown' : 'known' });
      if (text === null) this.#rememberUnknown(id);
      else this.#readings.set(id, this.#reading(id, text));
    }
  }

  async #find(id: number): Promise<string | null> {
    try {
      return await this.#registry.find(id);
    } catch (error) {
      this.#metrics.schemasLearned.inc({ result: 'away' });
      throw error;
    }
  }

  #reading(id: number, text: string): Reading | Unreadable {
    let writer: WriterSchema | undefined;
    try {
      const schema = new AvroSchema(text);
      const { type } = schema;
      writer = { id, recordName: type.name ?? '', type, text };
      const reader = this.#schemas.get(writer.recordName);
      return { writer, reader: reader ?? schema, resolver: reader?.type.createResolver(type) };
    } catch (error) {
      // The registry serves others too: a schema of another kind or meaning makes their record bad, not ours stop.
      const why = `schema ${id} cannot be read as ours: ${messageOf(error)}`;
      return writer === undefined ? { why } : { writer, why };
    }
  }

  #isUnknown(id: number): boolean {
    const until = this.#unknown.get(id);
    return until !== undefined && until > this.#clock();
  }

  #rememberUnknown(id: number): void {
    const oldest = this.#unknown.size >= maxUnknownIds ? this.#unknown.keys().next().value : undefined;
    if (oldest !== undefined) this.#unknown.delete(oldest);
    this.#unknown.set(id, this.#clock() + unknownForMs);
  }

  writerOf(id: number): WriterSchema | undefined {
    return this.#readings.get(id)?.writer;
  }
}

function read(reading: Reading, bytes: Buffer, id: number): unknown {
  const result = decoded(reading, bytes, id);
  if (result.offset !== bytes.length) {
    const what = result.offset < 0 ? 'too few bytes' : 'bytes left over';
    throw new HighwayError('ZT-HIGHWAY-UNDECODABLE', `${what} for schema ${id}`, {
      details: { schemaId: id },
    });
  }
  return result.value;
}

interface ReadValue {
  readonly value: unknown;
  readonly offset: number;
}

function decoded(reading: Reading, bytes: Buffer, id: number): ReadValue {
  try {
    return reading.reader.type.decode(bytes, frameBytes, reading.resolver as never);
  } catch {
    return decodedWide(reading, bytes, id);
  }
}

/** The second try: what the plain type refuses may hold a long beyond 2^52. */
function decodedWide(reading: Reading, bytes: Buffer, id: number): ReadValue {
  const { reader, writer, resolver } = reading;
  try {
    if (resolver !== undefined) reading.wideResolver ??= reader.wide.createResolver(writer.type);
    return reader.wide.decode(bytes, frameBytes, reading.wideResolver as never);
  } catch (error) {
    const what = `the bytes do not fit schema ${id}: ${messageOf(error)}`;
    throw new HighwayError('ZT-HIGHWAY-UNDECODABLE', what, { cause: error, details: { schemaId: id } });
  }
}
