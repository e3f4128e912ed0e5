import { hash, randomBytes } from 'node:crypto';
import { sources } from '@zhongtai/schemas';
import { z } from 'zod';

/** What a key may send: events of one of the eight sources, or reference records. */
export const grants = [...sources, 'reference'] as const;
export type Grant = (typeof grants)[number];

/**
 * A key as the file keeps it. A key is 256 random bits, so one SHA-256 is enough: there is nothing to guess from
 * that a slow hash would have to protect.
 */
const keySchema = z.strictObject({
  /** Name of the source system; becomes `source_system` of its events. */
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The sources that it may send events of; `reference` for reference records. */
  sources: z.array(z.enum(grants)).min(1),
  created: z.iso.datetime(),
});

export const keyFileSchema = z.strictObject({ keys: z.array(keySchema) });

export type StoredKey = z.output<typeof keySchema>;
export type KeyFile = z.output<typeof keyFileSchema>;

/** Who sends a request. */
export interface Sender {
  readonly name: string;
  readonly sources: ReadonlySet<Grant>;
}

/** Finds the sender of a clear key; undefined when there is none. */
export type KeyRing = (clearKey: string) => Sender | undefined;

function hashKey(clearKey: string): string {
  return hash('sha256', clearKey, 'hex');
}

/** A new key: the clear form to hand out once, and what the file keeps of it. */
export function createKey(
  name: string,
  allowed: readonly Grant[],
  now: Date,
): { readonly clearKey: string; readonly stored: StoredKey } {
  const clearKey = `zt_${randomBytes(32).toString('base64url')}`;
  const stored = { name, sha256: hashKey(clearKey), sources: [...allowed], created: now.toISOString() };
  return { clearKey, stored: keySchema.parse(stored) };
}

/**
 * Looks a key up by its digest. The time that the look-up takes tells nothing: nobody can choose what a key's
 * SHA-256 begins with, so there is no way to approach a stored digest step by step.
 */
export function createKeyRing(file: KeyFile): KeyRing {
  const bySha256 = new Map(
    file.keys.map((key) => [key.sha256, { name: key.name, sources: new Set(key.sources) }]),
  );
  return (clearKey) => bySha256.get(hashKey(clearKey));
}
