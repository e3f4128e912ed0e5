import type { IdType } from '@zhongtai/schemas';
import { formOf } from './forms.ts';
import { type IdTypeRules, idTypes, isIdType } from './id-types.ts';
import type { IdentifierReason, Normalised } from './reasons.ts';

const longest = 256;

/** Values that stand for nobody, tested before and after normalising, in small letters. */
const blockedForAll: readonly RegExp[] = [
  /^[0-]*$/,
  /^-1$/,
  /^(null|undefined|nan|none|n\/a|anonymous|test|unknown)$/,
  /^09(\d)\1{7}$/,
  /^\+8869(\d)\1{7}$/,
  /^(0912345678|\+886912345678)$/,
];

export interface NormaliserOptions {
  readonly types?: IdTypeRules;
  /** Values of this installation that name no customer: the shops' own numbers, the kiosks' devices. */
  readonly blocked?: Partial<Readonly<Record<IdType, readonly string[]>>>;
}

/** An identifier in the one form in which it is compared and made a token. */
export interface Identifier {
  readonly idType: IdType;
  readonly scope: string;
  readonly value: string;
}

export interface Normaliser {
  normalise(idType: IdType, value: string): Normalised;
  /** With the scope, which is emptied for types that mean the same everywhere. */
  identifier(
    idType: IdType,
    scope: string,
    value: string,
  ): { readonly ok: Identifier } | { readonly reason: IdentifierReason };
}

export function createNormaliser({ types = idTypes, blocked = {} }: NormaliserOptions = {}): Normaliser {
  const own = new Set<string>();
  for (const [idType, values] of Object.entries(blocked)) {
    for (const value of values)
      own.add(`${idType}|${value.trim()}`).add(`${idType}|${formed(idType, value)}`);
  }
  const isBlocked = (idType: IdType, value: string) =>
    own.has(`${idType}|${value}`) || isBlockedForAll(value.toLowerCase());

  const normalise = (idType: IdType, value: string): Normalised => {
    const text = value.trim();
    const reason = textReason(text);
    if (reason !== null) return { reason };
    if (isBlocked(idType, text)) return { reason: 'ZT-ID-BLOCKED' };
    const result = formOf(idType)(text);
    return 'ok' in result && isBlocked(idType, result.ok) ? { reason: 'ZT-ID-BLOCKED' } : result;
  };

  return {
    normalise,
    identifier(idType, scope, value) {
      const result = normalise(idType, value);
      if (!('ok' in result)) return result;
      const issuer = types[idType].scoped ? scope.trim() : '';
      const reason = issuer === '' ? null : textReason(issuer);
      return reason === null ? { ok: { idType, scope: issuer, value: result.ok } } : { reason };
    },
  };
}

const standard = createNormaliser();

/** Normalises with the default configuration. */
export function normalise(idType: IdType, value: string): Normalised {
  return standard.normalise(idType, value);
}

function isBlockedForAll(value: string): boolean {
  return blockedForAll.some((pattern) => pattern.test(value));
}

function formed(idType: string, value: string): string {
  const result = isIdType(idType) ? formOf(idType)(value.trim()) : { ok: value };
  return 'ok' in result ? result.ok : value;
}

/** Broken Unicode would be stored and hashed as something else than what came in. */
function textReason(text: string): IdentifierReason | null {
  if (text === '') return 'ZT-ID-EMPTY';
  if (text.length > longest) return 'ZT-ID-LENGTH';
  return !text.isWellFormed() || /\p{Cc}/u.test(text) ? 'ZT-ID-TEXT' : null;
}
