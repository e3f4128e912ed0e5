import type { PartName } from './part.ts';

/** What the starter tells the supervisor on its command line. */
export interface Assignment {
  readonly directory: string;
  readonly parts: readonly PartName[];
  readonly ports: 'default' | 'free';
}

/** What the supervisor tells the starter. `busy`: another supervisor has this directory. */
export type Report =
  | { readonly kind: 'log'; readonly line: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'staying' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** What the starter may tell the supervisor later: live on when I end. */
export const stay = 'stay';
