import type { LocalState } from './local-state.ts';
import { createMemoryState } from './memory-state.ts';

/** The local copies of one application in one process. */
export interface StateDirectory {
  /** The copy of a task. One that is open already must be closed first. */
  open(partition: number): LocalState;
  /** The copy of a whole table topic, shared by all tasks of the process. */
  openGlobal(topic: string): LocalState;
  /** Partitions with a copy that can be trusted, in order. */
  warm(): readonly number[];
  /** Deletes all copies; none may be open. */
  reset(): void;
  /** Gives the directory up. */
  close(): Promise<void>;
}

/** Copies that live as long as the process. */
export function memoryStates(): StateDirectory {
  const states = new Map<number | string, LocalState>();
  const open = (name: number | string): LocalState => {
    const state = states.get(name) ?? createMemoryState();
    states.set(name, state);
    return state;
  };
  return {
    open,
    openGlobal: open,
    warm: () =>
      [...states].flatMap(([name, { mark }]) => (typeof name === 'number' && mark !== null ? [name] : [])),
    reset: () => states.clear(),
    close: async () => {},
  };
}
