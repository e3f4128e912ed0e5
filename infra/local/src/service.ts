import { checkHttp } from './http-check.ts';
import type { ServiceOrder } from './messages.ts';
import type { Part } from './part.ts';

/** A process of ours beside the parts: a gateway, a sink. The supervisor treats it as one of them. */
export interface Service {
  readonly name: string;
  readonly command: string;
  readonly args?: readonly string[];
  /** In addition to the environment of the process that started the stack. */
  readonly env?: Readonly<Record<string, string>>;
  /** The starter's own by default. */
  readonly cwd?: string;
  /** Says that the service works, by an address that answers 200 or by a question of the starter's own. */
  readonly readyUrl?: string;
  readonly ready?: () => Promise<boolean>;
  /** `logs/<name>.log` of the stack's directory by default. */
  readonly logFile?: string;
}

/** The part of a service's description that can cross a channel. */
export function orderOf(service: Service): ServiceOrder {
  const { name, command, args = [], env = {}, cwd = process.cwd(), readyUrl, logFile } = service;
  return {
    name,
    command,
    args,
    env,
    cwd,
    ...(readyUrl === undefined ? {} : { readyUrl }),
    ...(logFile === undefined ? {} : { logFile }),
  };
}

export function servicePart({ name, command, args, env, cwd, readyUrl }: ServiceOrder): Part {
  return {
    name,
    needs: [],
    address: readyUrl ?? '',
    port: 0,
    command,
    args,
    env,
    cwd,
    // It drains: what it took in is stored before it ends.
    stopSignal: 'SIGTERM',
    stopGraceMs: 30_000,
    startLimitMs: 60_000,
    prepare: async () => {},
    check: async () => {
      if (readyUrl !== undefined) await checkHttp(readyUrl, () => true);
    },
  };
}
