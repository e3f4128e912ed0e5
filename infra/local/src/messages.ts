import type { PartName } from './part.ts';

/** What the starter tells the supervisor on its command line. */
export interface Assignment {
  readonly directory: string;
  readonly parts: readonly PartName[];
  readonly ports: 'default' | 'free';
  /** Where the notes go when they are not the stack's own; see `foldersOf`. */
  readonly run?: string;
}

/** A process of ours beside the parts, as it crosses the channel to the supervisor. */
export interface ServiceOrder {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Answers 200 as soon as the service works. Without it the service counts as up once it runs. */
  readonly readyUrl?: string;
  readonly logFile?: string;
}

/** What the starter tells the supervisor over the channel. `stay`: live on when I end. */
export type Request =
  | { readonly kind: 'stay' }
  | { readonly kind: 'supervise'; readonly service: ServiceOrder };

/** What the supervisor tells the starter. `busy`: another supervisor has this directory. */
export type Report =
  | { readonly kind: 'log'; readonly line: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'staying' }
  | { readonly kind: 'supervised'; readonly name: string; readonly problem?: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
