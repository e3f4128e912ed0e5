import type { Identity } from '@zhongtai/schemas';
import { type IdTypeRules, idTypes, isIdType } from './id-types.ts';

/** The part of an identity that decides whether and how strongly it attributes an event. */
export type AnchorCandidate = Pick<Identity, 'id_type' | 'id_value' | 'role'>;

/**
 * How strongly an identifier attributes an event: 1 is the strongest, undefined attributes nothing (a recipient, a
 * referral code, a type that is not ours). Whoever chooses an anchor, row by row or in bulk, asks here.
 */
export function anchorRank(idType: string, role: string, types: IdTypeRules = idTypes): number | undefined {
  if (role !== 'actor' || !isIdType(idType)) return undefined;
  const { links, priority } = types[idType];
  return links && priority !== null ? priority : undefined;
}

/**
 * Token of the strongest usable actor identifier, or '' when the event has none. Among equals the smallest
 * token wins, so the order in which a sender lists identifiers does not matter.
 */
export function anchorOf(identities: readonly AnchorCandidate[], types: IdTypeRules = idTypes): string {
  let best = '';
  let bestRank = Number.POSITIVE_INFINITY;
  for (const { id_type: idType, id_value: token, role } of identities) {
    const rank = anchorRank(idType, role, types);
    if (rank === undefined || token === '') continue;
    if (rank < bestRank || (rank === bestRank && token < best)) {
      best = token;
      bestRank = rank;
    }
  }
  return best;
}
