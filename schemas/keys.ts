/**
 * Kafka keys. A key is a pure function of the event as it stands on the highway (identifiers are tokens
 * there), so every sender puts an event on the same partition and order holds per key.
 */

/** A record seen through its fields only, decoded or about to be encoded. */
export type RecordValue = Readonly<Record<string, unknown>>;

/** Gives the key of a record, or null when none of the fields that could be the key is there. */
export type KeyOf = (record: RecordValue) => string | null;

/**
 * Order in which identifiers serve as a key when the event names no session and no thing; types in one
 * group are equals. It is part of the contract: another order would send running conversations to other
 * partitions. The types that never identify (referral_code, social_id, national_id, unknown) are left out.
 */
export const keyOrder = [
  ['cust_id'],
  ['phone'],
  ['email'],
  ['line_id'],
  ['open_id', 'fb_id', 'ig_id'],
  ['device_id'],
  ['face_id'],
  ['mac'],
  ['cookie'],
] as const;

/** The value of a text field when it is there and not empty. */
export function field(name: string): KeyOf {
  return (record) => textOf(record[name]);
}

/** Two fields that only together name a thing. */
export function fields(...names: readonly string[]): KeyOf {
  return (record) => {
    const parts = names.map((name) => textOf(record[name]));
    return parts.includes(null) ? null : parts.join('|');
  };
}

/**
 * The token of an actor identifier of these types; actors only, for a recipient is another person. Of
 * several the smallest, so the order in which a sender lists them does not matter.
 */
export function identity(...types: readonly string[]): KeyOf {
  return (record) => {
    const { identities } = record;
    if (!Array.isArray(identities)) return null;
    let smallest: string | null = null;
    for (const candidate of identities) {
      const token = actorToken(candidate, types);
      if (token !== null && (smallest === null || token < smallest)) smallest = token;
    }
    return smallest;
  };
}

/** The strongest actor identifier of the event. */
export const anchor: KeyOf = firstOf(...keyOrder.map((types) => identity(...types)));

/** The first key that is there. */
export function firstOf(...keys: readonly KeyOf[]): KeyOf {
  return (record) => {
    for (const key of keys) {
      const found = key(record);
      if (found !== null) return found;
    }
    return null;
  };
}

function actorToken(candidate: unknown, types: readonly string[]): string | null {
  if (typeof candidate !== 'object' || candidate === null || !('id_type' in candidate)) return null;
  if (typeof candidate.id_type !== 'string' || !types.includes(candidate.id_type)) return null;
  const role = 'role' in candidate ? candidate.role : undefined;
  if (role !== undefined && role !== 'actor') return null;
  return 'id_value' in candidate ? textOf(candidate.id_value) : null;
}

function textOf(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}
