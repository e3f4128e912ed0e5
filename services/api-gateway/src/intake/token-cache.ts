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

export interface TokenCacheOptions {
  /** Most tokens held. */
  readonly capacity: number;
  /** A token is forgotten after twice this time at most, so a vault record that was erased can come back. */
  readonly maxAgeMs: number;
}

export interface TokenCache {
  get(identifier: string, now: number): CachedToken | undefined;
  set(identifier: string, entry: CachedToken, now: number): void;
  readonly size: number;
}

/**
 * Remembers identifiers in two generations: new ones enter the young one, and when that is full or old the other is
 * dropped whole. Nothing moves back, so even an identifier that comes all the time is written again now and then.
 */
export function createTokenCache({ capacity, maxAgeMs }: TokenCacheOptions): TokenCache {
  const half = Math.max(1, Math.floor(capacity / 2));
  let young = new Map<string, CachedToken>();
  let old = new Map<string, CachedToken>();
  let turnedAt = 0;

  function turn(now: number): void {
    old = young;
    young = new Map();
    turnedAt = now;
  }

  return {
    get(identifier, now) {
      if (now - turnedAt > maxAgeMs) turn(now);
      return young.get(identifier) ?? old.get(identifier);
    },
    set(identifier, entry, now) {
      if (young.size >= half) turn(now);
      young.set(identifier, entry);
    },
    get size() {
      return young.size + old.size;
    },
  };
}
