import type { Type } from 'avsc';
import type { TopicRef } from './catalogue.ts';

export type AvroType = Type;

/** A schema that a writer used, known by the registry's id. */
export interface WriterSchema {
  readonly id: number;
  /** Full Avro name of the record. */
  readonly recordName: string;
  /** The writer's own type: decodes exactly what was written. */
  readonly type: AvroType;
  /** The schema as the registry has it: avsc's own print drops logical types and enum defaults. */
  readonly text: string;
}

export interface Decoded<T = unknown> {
  readonly schemaId: number;
  readonly recordName: string;
  readonly value: T;
}

/** Avro with Confluent framing (0, id of four bytes). Nothing here awaits but `prepare` and `learn`. */
export interface Codec {
  /** Registers the schemas of these topics (or finds them registered) and compiles them. Before the first encode. */
  prepare(topics: readonly TopicRef[]): Promise<void>;
  /**
   * The framed bytes of a record. The buffer is the caller's own: later encodes do not touch it. A long is a
   * number, or a bigint within 64 bits.
   *
   * @throws HighwayError ZT-HIGHWAY-UNENCODABLE or ZT-HIGHWAY-NOT-PREPARED.
   */
  encode(topic: string, recordName: string, value: unknown): Buffer;
  /** Our type of a prepared record. */
  typeOf(recordName: string): AvroType;
  /**
   * The record of framed bytes, as our schema has it where `prepare` knows the record, else as it was written.
   * A long that no number can hold exactly (beyond 2^53) comes as a bigint, every other as a number.
   *
   * @throws HighwayError bad_record (not Avro, unknown schema, undecodable), or ZT-HIGHWAY-NOT-PREPARED when
   * the id has not been learned.
   */
  decode<T = unknown>(bytes: Buffer): Decoded<T>;
  /** The schema id of framed bytes; undefined when they are not framed Avro. */
  schemaIdOf(bytes: Buffer): number | undefined;
  /** The ids among these values that `learn` has not been asked for (or were unknown some time ago). */
  unlearned(values: Iterable<Buffer | null>): number[];
  /**
   * Asks the registry for ids, once each. An id that the registry does not have is remembered as unknown.
   *
   * @throws HighwayError ZT-HIGHWAY-REGISTRY-AWAY (retryable): hold the partition and call again.
   */
  learn(ids: Iterable<number>): Promise<void>;
  /** A learned schema; undefined when the registry does not have the id. */
  writerOf(id: number): WriterSchema | undefined;
}
