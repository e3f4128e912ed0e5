import { idTypes, isIdType } from './id-types.ts';
import { createNormaliser, type Normaliser } from './normalise.ts';
import { type IdentifierReason, identifierReasons } from './reasons.ts';
import { type CachedToken, createTokenCache, type TokenCacheOptions } from './token-cache.ts';
import type { Tokens } from './tokens.ts';

export interface IdentifiersOptions extends TokenCacheOptions {
  readonly tokens: Tokens;
  readonly normaliser?: Normaliser;
}

type Identified =
  | { readonly kind: 'token'; readonly entry: CachedToken }
  /** Well formed, but says nothing about a person (a shop's own number, a test value, a random MAC). */
  | { readonly kind: 'dropped'; readonly reason: IdentifierReason }
  | { readonly kind: 'refused'; readonly reason: IdentifierReason };

/** Turns clear identifiers into tokens; the result is remembered together with the state of the vault record. */
export interface Identifiers {
  identify(idType: string, scope: string, clearValue: string, now: number): Identified;
  readonly cached: number;
}

export function createIdentifiers(options: IdentifiersOptions): Identifiers {
  const { tokens, normaliser = createNormaliser() } = options;
  const cache = createTokenCache(options);
  return {
    identify(type, givenScope, clearValue, now) {
      const cached = cache.get(type, givenScope, clearValue, now);
      if (cached !== undefined) return { kind: 'token', entry: cached };
      const result = normaliser.identifier(isIdType(type) ? type : 'unknown', givenScope, clearValue);
      if ('reason' in result) {
        const dropped = identifierReasons[result.reason].effect === 'drop';
        return { kind: dropped ? 'dropped' : 'refused', reason: result.reason };
      }
      const { idType, scope, value } = result.ok;
      const token = tokens.token(idType, scope, value);
      // What is never kept in clear (a national id) needs no vault record.
      const entry = { idType, scope, token, value, stored: !idTypes[idType].vaulted };
      cache.set({ idType: type, scope: givenScope, value: clearValue }, entry, now);
      return { kind: 'token', entry };
    },
    get cached() {
      return cache.size;
    },
  };
}
