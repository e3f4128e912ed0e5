import { hash } from 'node:crypto';
import { parseRecordSchema } from './avro-node.ts';
import { MalformedAvro, type Skip, skipLong, skipOf, textLength } from './avro-skip.ts';

/** What tells an event from others, and a repeat of it from another event under the same id. */
export interface Fingerprint {
  /** The 16 bytes of the event_id as 22 characters of base64url; null when it is not a UUID. */
  readonly id: string | null;
  /**
   * 128 bits of SHA-256, one a character's half, over the event without ingest_time and source_system: those differ
   * when the same event comes in twice.
   */
  readonly content: string;
}

/** Reads the fingerprint from the Avro bytes of an event, which begin at `from`. @throws MalformedAvro */
export type ReadFingerprint = (bytes: Buffer, from: number) => Fingerprint;

/** Fields that say how an event came in, not what it says. */
const circumstances: ReadonlySet<string> = new Set(['ingest_time', 'source_system']);
const contentCharacters = 16;

interface Step {
  readonly skip: Skip;
  readonly field: 'event_id' | 'circumstance' | 'other';
}

/**
 * Compiles the reader for events of one schema. It steps over the fields that stand before the last of those that
 * matter and does not look at the rest: no value is decoded, for this is done with each event of the highway.
 *
 * @throws RangeError when the schema has no event_id: its records are no events.
 */
export function compileFingerprint(schemaText: string): ReadFingerprint {
  const { fields } = parseRecordSchema(schemaText);
  const steps = fields.map(({ name, node }): Step => {
    if (name === 'event_id') return { skip: skipOf(node), field: 'event_id' };
    return { skip: skipOf(node), field: circumstances.has(name) ? 'circumstance' : 'other' };
  });
  if (!steps.some(({ field }) => field === 'event_id')) throw new RangeError('the record has no event_id');
  const needed = steps.slice(0, steps.findLastIndex(({ field }) => field !== 'other') + 1);
  let scratch = Buffer.allocUnsafe(64 * 1024);

  return (bytes, from) => {
    if (bytes.length > scratch.length) scratch = Buffer.allocUnsafe(2 * bytes.length);
    let id: string | null = null;
    let copied = 0;
    let keptFrom = from;
    let at = from;
    for (const { skip, field } of needed) {
      const end = skip(bytes, at);
      if (field === 'event_id') id = idOf(bytes, at);
      else if (field === 'circumstance') {
        copied += bytes.copy(scratch, copied, keptFrom, at);
        keptFrom = end;
      }
      at = end;
    }
    if (at > bytes.length) throw new MalformedAvro('the record ends within a value');
    copied += bytes.copy(scratch, copied, keptFrom);
    // As text: a Buffer for each result would cost three times the hash itself.
    return { id, content: hash('sha256', scratch.subarray(0, copied), 'binary').slice(0, contentCharacters) };
  };
}

const uuidBytes = 16;
const dash = 0x2d;
const dashes: ReadonlySet<number> = new Set([8, 13, 18, 23]);
const digitAt = Array.from({ length: 36 }, (_, at) => at).filter((at) => !dashes.has(at));
const dashAt = [...dashes];
/** Value of each hexadecimal digit by its character code; 16 for all others. */
const digitOf = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? 16 : value;
});
const raw = Buffer.alloc(uuidBytes);

/** The same id in small and capital letters is one id. */
function idOf(bytes: Buffer, at: number): string | null {
  if (textLength(bytes, at) !== 36) return null;
  const start = skipLong(bytes, at);
  for (const offset of dashAt) if (bytes[start + offset] !== dash) return null;
  for (let digit = 0; digit < 2 * uuidBytes; digit += 2) {
    const high = digitOf[bytes[start + (digitAt[digit] ?? 0)] ?? 0] ?? 16;
    const low = digitOf[bytes[start + (digitAt[digit + 1] ?? 0)] ?? 0] ?? 16;
    if (high > 15 || low > 15) return null;
    raw[digit >>> 1] = (high << 4) | low;
  }
  return raw.toString('base64url');
}
