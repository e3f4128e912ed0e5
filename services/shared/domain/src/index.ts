export { type AnchorCandidate, anchorOf, anchorRank } from './identity/anchor.ts';
export { type IdClass, type IdTypeRule, type IdTypeRules, idTypes, isIdType } from './identity/id-types.ts';
export { createIdentifiers, type Identifiers } from './identity/identifiers.ts';
export {
  createNormaliser,
  type Identifier,
  type Normaliser,
  type NormaliserOptions,
  normalise,
} from './identity/normalise.ts';
export { type IdentifierReason, identifierReasons, type Normalised } from './identity/reasons.ts';
export { redactPageAddress, redactText } from './identity/redact.ts';
export type { CachedToken } from './identity/token-cache.ts';
export { birthId, createTokens, isToken, type Tokens } from './identity/tokens.ts';
export { createVaultCipher, parseVaultKey, type Sealed, type VaultCipher } from './identity/vault-cipher.ts';
