/** The parts of the stack, in the order in which they start; stopping goes the other way. */
export const partNames = ['kafka', 'registry', 'postgres', 'clickhouse'] as const;
export type PartName = (typeof partNames)[number];

/** How one part runs on this machine: everything that the supervisor needs to know about it. */
export interface Part {
  readonly name: PartName;
  readonly needs: readonly PartName[];
  /** Where clients reach it. */
  readonly address: string;
  readonly port: number;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  readonly stopSignal: NodeJS.Signals;
  /** How long a polite stop may take before the part is killed; its data must survive that as well. */
  readonly stopGraceMs: number;
  /** How long it may take to answer after a start. */
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

export function foldersOf(directory: string): StackFolders {
  return {
    directory,
    data: `${directory}/data`,
    logs: `${directory}/logs`,
    run: `${directory}/run`,
  };
}

export function isPartName(value: string): value is PartName {
  return partNames.some((name) => name === value);
}
