import type { Identifiers } from '../identity/identifiers.ts';
import { type IdentifierReason, identifierReasons } from '../identity/reasons.ts';
import { redactPageAddress, redactText } from '../identity/redact.ts';
import type { CachedToken } from '../identity/token-cache.ts';
import type { Fault } from './fault.ts';
import type { PersonalField } from './personal-fields.ts';
import type { DraftRecord } from './record-check.ts';

/** What happens to the identifiers of one record. */
export interface Tokenising {
  readonly identifiers: Identifiers;
  readonly now: number;
  readonly fault: Fault;
  /** Collects tokens whose vault records are not known to be stored. */
  readonly unstored: CachedToken[];
  /** Hears of an identifier that was left out because its value says nothing about a person. */
  readonly onDropped: (idType: string, reason: IdentifierReason) => void;
}

/**
 * Makes a checked record fit for a topic: no clear identifier stays in it. Raises the fault where one is not valid.
 * Before the Kafka key is computed.
 */
export function tokeniseRecord(
  fields: readonly PersonalField[],
  record: DraftRecord,
  work: Tokenising,
): void {
  tokeniseIdentities(record, work);
  if (!work.fault.raised) tokeniseFields(fields, record, work);
}

type Identity = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The token of a clear value; why it says nothing when it does; undefined after raising the fault. */
function entryOf(
  idType: string,
  scope: string,
  value: string,
  work: Tokenising,
): CachedToken | IdentifierReason | undefined {
  const identified = work.identifiers.identify(idType, scope, value, work.now);
  if (identified.kind === 'token') {
    if (!identified.entry.stored) work.unstored.push(identified.entry);
    return identified.entry;
  }
  if (identified.kind === 'refused') {
    return work.fault.raise(identified.reason, identifierReasons[identified.reason].message);
  }
  work.onDropped(idType, identified.reason);
  return identified.reason;
}

/**
 * Replaces the clear values of `identities` by tokens. A blocked value (a shop's own number, 0912345678) says
 * nothing about a person: that identity is left out and counted, the event stays.
 */
function tokeniseIdentities(record: DraftRecord, work: Tokenising): void {
  const { identities } = record;
  if (!Array.isArray(identities) || identities.length === 0) return;
  const kept: Identity[] = [];
  for (let index = 0; index < identities.length; index += 1) {
    const identity: Identity = identities[index];
    const { id_type: idType, scope, id_value: clear } = identity;
    const entry = entryOf(String(idType), String(scope), String(clear), work);
    if (entry === undefined) {
      work.fault.under('id_value');
      work.fault.under(index);
      work.fault.under('identities');
      return;
    }
    if (typeof entry !== 'string') {
      kept.push({
        id_type: idType,
        scope: entry.scope,
        id_value: entry.token,
        role: identity['role'],
        verified: identity['verified'],
      });
    }
  }
  record['identities'] = kept;
}

/** The scope of an identifier in an own field: what the field named by the schema beside it says, else none. */
function scopeOf(field: PersonalField, beside: Identity): string {
  const scope = field.scopeField === undefined ? '' : beside[field.scopeField];
  return typeof scope === 'string' ? scope : '';
}

/**
 * Replaces the clear values of own fields that hold identifiers by tokens, and masks contact addresses in free text.
 * An identifier that says nothing becomes null (a list goes without it).
 */
function tokeniseFields(fields: readonly PersonalField[], record: DraftRecord, work: Tokenising): void {
  for (const field of fields) {
    replaceAt(record, field, 0, work);
    if (work.fault.raised) return;
  }
}

function replacement(
  text: string,
  field: PersonalField,
  holder: DraftRecord,
  work: Tokenising,
): string | null {
  if (field.idType === undefined) return field.isPageAddress ? redactPageAddress(text) : redactText(text);
  if (text === '') return field.absent;
  const entry = entryOf(field.idType, scopeOf(field, holder), text, work);
  if (entry === 'ZT-ID-MAC-RANDOM' && field.randomisedField !== undefined)
    holder[field.randomisedField] = true;
  return typeof entry === 'object' ? entry.token : field.absent;
}

function replaceAt(holder: DraftRecord, field: PersonalField, depth: number, work: Tokenising): void {
  const name = field.path[depth] ?? '';
  const value = holder[name];
  if (typeof value === 'string') {
    holder[name] = replacement(value, field, holder, work);
  } else if (Array.isArray(value)) {
    holder[name] = replaceEach(value, field, depth, { holder, work });
  } else if (isObject(value)) {
    replaceAt(value, field, depth + 1, work);
  }
  if (work.fault.raised) work.fault.under(name);
}

function replaceEach(
  entries: readonly unknown[],
  field: PersonalField,
  depth: number,
  { holder, work }: { readonly holder: DraftRecord; readonly work: Tokenising },
): unknown[] {
  const kept: unknown[] = [];
  const below = field.path[depth + 1] === '*';
  for (const [index, entry] of entries.entries()) {
    if (isObject(entry)) replaceAt(entry, field, depth + 2, work);
    const result = typeof entry === 'string' && !below ? replacement(entry, field, holder, work) : entry;
    if (work.fault.raised) {
      work.fault.under(index);
      return kept;
    }
    const isAbsent = field.idType !== undefined && result === field.absent;
    if (!isAbsent) kept.push(result);
  }
  return kept;
}
