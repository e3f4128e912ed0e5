import type { PartName } from './part.ts';
import type { Service } from './service.ts';

/**
 * `embedded`: processes of this machine. `compose`: servers in Docker that outlive the starter, under the same
 * addresses. `containers`: servers in Docker that end with the starter, on free ports, by testcontainers.
 */
export const flavours = ['embedded', 'compose', 'containers'] as const;
export type Flavour = (typeof flavours)[number];

export interface StackOptions {
  /** Holds data, logs and run files; one stack per directory. */
  readonly directory: string;
  /** All of them by default. */
  readonly parts?: readonly PartName[];
  /** By default what ZHONGTAI_STACK says, else `embedded`. */
  readonly flavour?: Flavour;
  /** `default`: the well-known ports, others where those are taken. `free`: any. */
  readonly ports?: 'default' | 'free';
  readonly log?: (line: string) => void;
  /** The stack lives on when this process ends, until `stopStack`. */
  readonly detached?: boolean;
}

/** The options with nothing left open. */
export interface SettledOptions extends Required<Omit<StackOptions, 'flavour'>> {
  readonly flavour: Flavour;
}

/** A running stack. Names are those of parts and of services. */
export interface Stack {
  /** Addresses by part; empty text for a part that was not asked for. */
  readonly endpoints: Readonly<Record<PartName, string>>;
  /**
   * Carries a process of ours too: resolves when it is ready, starts it again when it dies, ends it (by
   * SIGTERM, the last one added first) before the parts.
   */
  supervise(service: Service): Promise<void>;
  /** The process of this moment; another one after a restart. Not known of what runs in Docker. */
  pid(name: string): number;
  /** Sends a signal; after SIGKILL resolves when that process is gone. The supervisor starts it again. */
  kill(name: string, signalName: NodeJS.Signals): Promise<void>;
  /** Resolves as soon as it answers in its own protocol. */
  healthy(name: string): Promise<void>;
  /** Ends the services that this call brought, and the parts unless they had been running before. */
  stop(): Promise<void>;
}
