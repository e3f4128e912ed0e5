/** The parts of the stack, in the order in which they start; stopping goes the other way. */
export const partNames = ['kafka', 'registry', 'postgres', 'clickhouse'] as const;
export type PartName = (typeof partNames)[number];

/** How one process runs on this machine: everything that the supervisor needs to know about it. */
export interface Part {
  readonly name: string;
  readonly needs: readonly string[];
  /** Where clients reach it. */
  readonly address: string;
  readonly port: number;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** `/` when absent. */
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly stopSignal: NodeJS.Signals;
  /** How long a polite stop may take before the part is killed; its data must survive that as well. */
  readonly stopGraceMs: number;
  /** How long it may take to answer after its first start; after a later one it has all the time it needs. */
  readonly startLimitMs: number;
  /** Makes the data directory; runs once before the first start. */
  prepare(): Promise<void>;
  /** Asks the part in its own protocol; rejects when it does not answer as it should. */
  check(): Promise<void>;
}

/** Folders of one stack. All that it writes is below `directory`. */
export interface StackFolders {
  readonly directory: string;
  readonly data: string;
  readonly logs: string;
  readonly run: string;
}

/** `run` names other notes than the stack's own: those of a supervisor of services beside a running stack. */
export function foldersOf(directory: string, run = 'run'): StackFolders {
  return {
    directory,
    data: `${directory}/data`,
    logs: `${directory}/logs`,
    run: `${directory}/${run}`,
  };
}
