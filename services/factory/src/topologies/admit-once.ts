/*
 * Lets each event onto the highway once, however often it was sent, by whatever way (重送不重複).
 * In: inbound.<source>, keyed as the highway, with the API gateway's and the first stage's events.
 * State: the event_ids of 24 h (orders, payments, invoices) or 2 h by ingest time, with a hash of what the event says.
 * Out: highway.<source>, same partition, bytes and headers as they came. A repeat is dropped and counted; the same id
 * with other content is a dead letter. An id that comes back under another key lies on another partition: not seen here.
 */
import { compileFingerprint, type ReadFingerprint } from '@zhongtai/domain';
import type { Codec } from '@zhongtai/highway';
import type { Source, Topic } from '@zhongtai/schemas';
import {
  type Context,
  type InputRecord,
  type Serde,
  stream,
  type Topology,
  topology,
  type WindowStore,
  type WindowStoreDefinition,
} from '@zhongtai/streams';
import { setAside } from './admit-reasons.ts';
import { rawTopic } from './raw-topic.ts';
import { segmentOf } from './segments.ts';

/** What the second stage needs to look at an event's bytes. */
export type Schemas = Pick<Codec, 'decode' | 'schemaIdOf' | 'writerOf'>;

export interface AdmitOnceParts {
  readonly source: Source;
  readonly inbound: Topic;
  readonly highway: Topic;
  readonly schemas: Schemas;
}

const hourMs = 60 * 60 * 1000;
const frameBytes = 5;

/** How long repeats of an event are known, and the span of ids that is forgotten at once. */
export interface Memory {
  readonly windowMs: number;
  readonly segmentMs: number;
}

/**
 * Money is repeated late: tills and payment partners send yesterday's batch again. Each live segment costs a look-up
 * for each event, so the window is kept in two halves and the one that begins: 3 look-ups, instead of 25 for a day by
 * the hour, at the price of ids that are kept for a third longer at most.
 */
export function memoryOf(source: Source): Memory {
  return source === 'order' || source === 'payment'
    ? { windowMs: 24 * hourMs, segmentMs: 12 * hourMs }
    : { windowMs: 2 * hourMs, segmentMs: hourMs };
}

/** Content hashes are 16 characters below 256. */
const contents: Serde<string> = {
  name: 'content-hash-128',
  encode: (content) => Buffer.from(content, 'latin1'),
  decode: (bytes) => bytes.toString('latin1'),
};

/**
 * Ids by the segment in which they came: a store of windows, asked and filled at the beginning of segments only. Their
 * width is part of the form: with another, the ids that are known would be looked for in the wrong places.
 */
export function idStore({ windowMs, segmentMs }: Memory): WindowStoreDefinition<string> {
  const retentionMs = windowMs + segmentMs;
  const serde = { ...contents, name: `${contents.name}/${segmentMs}` };
  // Nearly every id is asked for once in its life.
  return { kind: 'window', name: 'ids', serde, retentionMs, segmentMs, isCached: false };
}

/** The content under which an id was let through within the window before `atMs`; undefined when it was not. */
export function seenContent(
  ids: Pick<WindowStore<string>, 'get'>,
  id: string,
  atMs: number,
  { windowMs, segmentMs }: Memory,
): string | undefined {
  const oldest = atMs - windowMs - segmentMs;
  for (let start = segmentOf(atMs, segmentMs); start > oldest; start -= segmentMs) {
    const content = ids.get(id, start);
    if (content !== undefined) return content;
  }
  return undefined;
}

/** Finds the reader of fingerprints for the schema that a value was written with. */
function createReaders({ schemas, highway }: Pick<AdmitOnceParts, 'schemas' | 'highway'>) {
  const ours = new Set(highway.records.map(({ name }) => name));
  const known = new Map<number, ReadFingerprint | null>();
  return (bytes: Buffer): ReadFingerprint | null => {
    const id = schemas.schemaIdOf(bytes) ?? -1;
    const read = known.get(id);
    if (read !== undefined) return read;
    const writer = schemas.writerOf(id);
    if (writer === undefined) {
      // Says what is wrong: not Avro, a schema that nobody has, or one that is still to be learned.
      schemas.decode(bytes);
      return null;
    }
    const compiled = ours.has(writer.recordName) ? compileFingerprint(writer.text) : null;
    known.set(id, compiled);
    return compiled;
  };
}

export function admitOnce(parts: AdmitOnceParts): Topology {
  const { source, highway } = parts;
  const inbound = rawTopic(parts.inbound);
  const out = rawTopic(highway);
  const memory = memoryOf(source);
  const store = idStore(memory);
  const readerOf = createReaders(parts);

  function admit(record: InputRecord<Buffer>, context: Context): void {
    const { bytes } = record;
    const print = readerOf(bytes)?.(bytes, frameBytes);
    if (print === undefined) setAside(context, 'ZT-ADMIT-SOURCE', `is no event of ${source}`);
    else if (print.id === null) setAside(context, 'ZT-ADMIT-EVENT-ID', '/event_id: must be a UUID');
    else if (isFirst(record, print.id, print.content, context)) {
      context.emitBytes(out, record.key, bytes, { partition: record.partition, headers: 'input' });
    }
  }

  function isFirst(record: InputRecord<Buffer>, id: string, content: string, context: Context): boolean {
    const ids = context.window(store);
    // An event that waited in a standing factory counts from now: its own segment may be forgotten already.
    const atMs = Math.max(record.ingestTimeMs, context.streamTimeMs);
    const seen = seenContent(ids, id, atMs, memory);
    if (seen === undefined) ids.put(id, segmentOf(atMs, memory.segmentMs), content);
    else if (seen === content) context.drop('repeat');
    else setAside(context, 'ZT-ADMIT-CONTENT', 'an event of this id, with other content, was let through');
    return seen === undefined;
  }

  return topology(`once-${source}`, {
    order: 'free',
    // Nothing is due at a time: ids are forgotten as later events come.
    idleMs: null,
    parts: [stream(inbound, admit, { name: 'once', stores: [store], outputs: [out] })],
  });
}
