import type { Codec, DeadLetter, RawRecord } from '@zhongtai/highway';
import { codeOf, messageOf } from '@zhongtai/runtime';
import type { Topic } from '@zhongtai/schemas';
import { ByteWriter, encodeTombstone, type RowOrigin } from '@zhongtai/warehouse';
import type { Cut } from './cut.ts';
import { SinkError } from './errors.ts';
import { isBadRecord, type Plans, type Route } from './plans.ts';

/** Rows of one cut that go into one table in one insert. */
export interface RowGroup {
  /** Tells the inserts of a cut apart, always in the same way: a part of the token. */
  readonly name: string;
  readonly route: Route;
  readonly writer: ByteWriter;
  rows: number;
}

/** A complete cut: everything that lies in a range of offsets, ready to be sent. */
export interface SealedCut extends Cut {
  readonly groups: readonly RowGroup[];
  readonly deadLetters: readonly DeadLetter[];
  readonly rows: number;
  readonly bytes: number;
  /** Kafka's timestamps of the oldest and the newest record; 0 when there is none. */
  readonly oldestMs: number;
  readonly newestMs: number;
}

export interface CutBuilder {
  /** Takes a record in; one that can have no row becomes a dead letter. */
  add(record: RawRecord): void;
  /** Everything up to this offset, this one too, has been seen; it may be behind the last record. */
  reach(offset: number): void;
  readonly rows: number;
  readonly bytes: number;
  readonly letters: number;
  readonly oldestMs: number;
  /** Offset behind the last that was seen. */
  readonly next: number;
  readonly first: number;
  /** Ends the cut at `last`. The builder is of no more use. */
  seal(): SealedCut;
}

export interface CutContext {
  readonly topic: Topic;
  readonly partition: number;
  readonly codec: Pick<Codec, 'schemaIdOf'>;
  readonly plans: Plans;
}

/**
 * The server takes at most 100 partitions (months of ingest time) in one block. Rows whose times are further
 * apart than these five years go into inserts of their own; which, follows from the row alone.
 */
const spanMs = 1826 * 86_400_000;

/** Collects the rows of a cut that begins at `first`. Pure apart from the memory that it fills. */
export function createCutBuilder(context: CutContext, first: number): CutBuilder {
  const { topic, partition, codec, plans } = context;
  const groups: RowGroup[] = [];
  const bySpan = new Map<number, Map<Route, RowGroup>>();
  const deadLetters: DeadLetter[] = [];
  let next = first;
  let span = 0;
  let rows = 0;
  let bytes = 0;
  let oldestMs = 0;
  let newestMs = 0;

  function groupOf(route: Route, span: number): RowGroup {
    let ofSpan = bySpan.get(span);
    if (ofSpan === undefined) {
      ofSpan = new Map();
      bySpan.set(span, ofSpan);
    }
    let group = ofSpan.get(route);
    if (group === undefined) {
      group = { name: `${route.group}:${span}`, route, writer: new ByteWriter(16_384), rows: 0 };
      ofSpan.set(route, group);
      groups.push(group);
    }
    return group;
  }

  /** Encodes where the last record went; moves the row when its time is of another span. */
  function encodeEvent(route: Route, value: Buffer, origin: RowOrigin): void {
    const group = groupOf(route, span);
    const before = group.writer.position;
    const ingestMs = route.plan?.encode(value, origin, group.writer) ?? 0;
    const length = group.writer.position - before;
    bytes += length;
    const own = Math.floor(ingestMs / spanMs);
    if (own === span) {
      group.rows += 1;
      return;
    }
    span = own;
    const moved = groupOf(route, span);
    moved.writer.copy(group.writer.buffer, before, length);
    moved.rows += 1;
    group.writer.position = before;
  }

  function encode(record: RawRecord): void {
    const { key, value, offset } = record;
    const origin = { partition, offset, key };
    if (value === null) {
      const group = groupOf(plans.deletionRoute(topic), 0);
      encodeTombstone(origin, group.writer);
      group.rows += 1;
      return;
    }
    const schemaId = codec.schemaIdOf(value);
    if (schemaId === undefined) throw new SinkError('ZT-SINK-NOT-AVRO', 'the value is not framed Avro');
    encodeEvent(plans.route(topic, schemaId), value, origin);
  }

  function setAside(record: RawRecord, error: unknown): void {
    const schemaId = record.value === null ? undefined : codec.schemaIdOf(record.value);
    deadLetters.push({
      topic: topic.name,
      partition,
      offset: record.offset,
      stage: 'warehouse-sink',
      reason: codeOf(error) ?? 'ZT-SINK',
      message: messageOf(error),
      ...(schemaId === undefined ? {} : { schemaId }),
      key: record.key,
      value: record.value,
      timestampMs: record.timestampMs,
    });
    bytes += record.value?.length ?? 0;
  }

  return {
    add(record) {
      try {
        encode(record);
        rows += 1;
      } catch (error) {
        if (!isBadRecord(error)) throw error;
        setAside(record, error);
      }
      if (oldestMs === 0) oldestMs = record.timestampMs;
      newestMs = record.timestampMs;
      // Only now: a record that failed for any other reason comes again and must not be passed over.
      next = record.offset + 1;
    },
    reach(offset) {
      next = Math.max(next, offset + 1);
    },
    get rows() {
      return rows;
    },
    get bytes() {
      return bytes;
    },
    get oldestMs() {
      return oldestMs;
    },
    get letters() {
      return deadLetters.length;
    },
    get next() {
      return next;
    },
    first,
    seal: () => ({
      first,
      last: next - 1,
      groups: groups.filter((group) => group.rows > 0),
      deadLetters,
      rows,
      bytes,
      oldestMs,
      newestMs,
    }),
  };
}
