export { type AvroField, type AvroNode, parseRecordSchema, UncheckableSchema } from './event/avro-node.ts';
export { type Entrance, envelopeOfAvro, envelopeOfJson, settleEnvelope } from './event/envelope.ts';
export { isUuid } from './event/event-id.ts';
export { type EventFaultCode, eventFaults, Fault, type RefusedAs } from './event/fault.ts';
export { compileFingerprint, type Fingerprint, type ReadFingerprint } from './event/fingerprint.ts';
export type { DraftRecord } from './event/record-check.ts';
export { missingOf, planRecord, type RecordPlan } from './event/record-plan.ts';
export { misfit, type ValueLimits } from './event/scalar.ts';
export { type Tokenising, tokeniseRecord } from './event/tokenise.ts';
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
