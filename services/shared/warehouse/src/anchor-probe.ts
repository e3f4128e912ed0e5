import type { AvroReader } from './avro-reader.ts';
import type { AvroRecord, AvroType } from './avro-schema.ts';
import { WarehouseError } from './errors.ts';
import { type Skip, skipOf } from './skip-codec.ts';

/**
 * How strong an identifier of this kind is as the anchor of an event: the lowest number wins, among equals the
 * smallest token. Undefined when it never is one. The sink passes the rule of the domain.
 */
export type AnchorRank = (idType: string, role: string) => number | undefined;

/** Finds the anchor in the bytes of an event's identities, as a slice of them. */
export interface AnchorProbe {
  start: number;
  length: number;
  /** Walks over the identities; sets `start` and `length` (0 when there is no anchor). */
  find(reader: AvroReader): void;
}

function symbolsOf(record: AvroRecord, name: string): readonly string[] {
  const type = record.fields.find((field) => field.name === name)?.type;
  return type?.kind === 'enum' ? type.symbols : [];
}

/** @param identities the type of the event's `identities` field. */
export function createAnchorProbe(identities: AvroType, rank: AnchorRank): AnchorProbe {
  if (identities.kind !== 'array' || identities.items.kind !== 'record') {
    throw new WarehouseError('ZT-WAREHOUSE-UNMAPPABLE', 'identities is not an array of records');
  }
  const { items } = identities;
  const roles = symbolsOf(items, 'role');
  const ranks = symbolsOf(items, 'id_type').map((idType) => roles.map((role) => rank(idType, role)));
  const steps = items.fields.map((field) => ({ name: field.name, skip: skipOf(field.type) }));
  const probe: AnchorProbe = { start: 0, length: 0, find };
  const item = { idType: 0, role: 0, start: 0, length: 0 };

  let best = Number.POSITIVE_INFINITY;

  function consider(reader: AvroReader): void {
    for (const step of steps) readStep(reader, step, item);
    const candidate = ranks[item.idType]?.[item.role];
    if (candidate === undefined || item.length === 0 || candidate > best) return;
    if (candidate === best && !isSmaller(reader.bytes, item, probe)) return;
    best = candidate;
    probe.start = item.start;
    probe.length = item.length;
  }

  function find(reader: AvroReader): void {
    probe.length = 0;
    best = Number.POSITIVE_INFINITY;
    for (let count = reader.blockCount(); count > 0; count = reader.blockCount()) {
      for (let index = 0; index < count; index++) consider(reader);
    }
  }
  return probe;
}

interface Slice {
  readonly start: number;
  readonly length: number;
}

function isSmaller(bytes: Uint8Array, a: Slice, b: Slice): boolean {
  return Buffer.compare(slice(bytes, a), slice(bytes, b)) < 0;
}

function slice(bytes: Uint8Array, { start, length }: Slice): Uint8Array {
  return bytes.subarray(start, start + length);
}

function readStep(
  reader: AvroReader,
  step: { readonly name: string; readonly skip: Skip },
  item: { idType: number; role: number; start: number; length: number },
): void {
  if (step.name === 'id_type') item.idType = reader.int();
  else if (step.name === 'role') item.role = reader.int();
  else if (step.name === 'id_value') {
    item.length = reader.length();
    item.start = reader.position;
    reader.position += item.length;
  } else step.skip(reader);
}
