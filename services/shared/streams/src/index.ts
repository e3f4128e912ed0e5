export type * from './context.ts';
export type * from './log-port.ts';
export type { Serde } from './serde.ts';
export type * from './topology/types.ts';
