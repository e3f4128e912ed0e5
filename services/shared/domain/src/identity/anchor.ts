import type { Identity } from '@zhongtai/schemas';
import { type IdTypeRules, idTypes } from './id-types.ts';

/** The part of an identity that decides whether and how strongly it attributes an event. */
export type AnchorCandidate = Pick<Identity, 'id_type' | 'id_value' | 'role'>;

/**
 * Token of the strongest usable actor identifier, or '' when the event has none. Among equals the smallest
 * token wins, so the order in which a sender lists identifiers does not matter.
 */
export function anchorOf(identities: readonly AnchorCandidate[], types: IdTypeRules = idTypes): string {
  let best = '';
  let bestPriority = Number.POSITIVE_INFINITY;
  for (const { id_type: idType, id_value: token, role } of identities) {
    const { links, priority } = types[idType];
    if (role !== 'actor' || !links || priority === null || token === '') continue;
    if (priority < bestPriority || (priority === bestPriority && token < best)) {
      best = token;
      bestPriority = priority;
    }
  }
  return best;
}
