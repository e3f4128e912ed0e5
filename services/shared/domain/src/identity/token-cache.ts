/** A token with what is known of its vault record. */
export interface CachedToken {
  readonly idType: string;
  readonly scope: string;
  readonly token: string;
  /** What the value became by normalising. */
  readonly value: string;
  /** True once Kafka acknowledged the vault record. Until then every request that needs it writes it again. */
  stored: boolean;
}

/** An identifier as it was sent. */
interface SentIdentifier {
  readonly idType: string;
  readonly scope: string;
  readonly value: string;
}

export interface TokenCacheOptions {
  /** Most tokens held. */
  readonly capacity: number;
  /** A token is forgotten after twice this time at most, so a vault record that was erased can come back. */
  readonly maxAgeMs: number;
}

export interface TokenCache {
  get(idType: string, scope: string, value: string, now: number): CachedToken | undefined;
  set(sent: SentIdentifier, entry: CachedToken, now: number): void;
  readonly size: number;
}

interface Held {
  readonly sent: SentIdentifier;
  readonly entry: CachedToken;
  /** The same value under another type or scope. */
  readonly next: Held | undefined;
}

function find(held: Held | undefined, idType: string, scope: string): CachedToken | undefined {
  for (let at = held; at !== undefined; at = at.next) {
    if (at.sent.idType === idType && at.sent.scope === scope) return at.entry;
  }
  return undefined;
}

/**
 * Remembers identifiers in two generations: new ones enter the young one, and when that is full or old the other is
 * dropped whole. Nothing moves back, so even an identifier that comes all the time is written again now and then.
 * Keyed by the value alone: joining type, scope and value into one text would cost more than all else here.
 */
export function createTokenCache({ capacity, maxAgeMs }: TokenCacheOptions): TokenCache {
  const half = Math.max(1, Math.floor(capacity / 2));
  let young = new Map<string, Held>();
  let old = new Map<string, Held>();
  let turnedAt = 0;

  function turn(now: number): void {
    old = young;
    young = new Map();
    turnedAt = now;
  }

  return {
    get(idType, scope, value, now) {
      if (now - turnedAt > maxAgeMs) turn(now);
      return find(young.get(value), idType, scope) ?? find(old.get(value), idType, scope);
    },
    set(sent, entry, now) {
      if (young.size >= half) turn(now);
      young.set(sent.value, { sent, entry, next: young.get(sent.value) });
    },
    get size() {
      return young.size + old.size;
    },
  };
}
