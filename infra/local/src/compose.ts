import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { messageOf } from '@zhongtai/runtime/errors';
import { localError } from './errors.ts';
import type { PartName } from './part.ts';

const run = promisify(execFile);

/** What a way to run containers has to offer. Both ways read infra/compose.yaml. */
export interface Containers {
  /** Kills or ends the container and starts it again. */
  restart(part: PartName, signalName: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
}

/** Port variables of infra/compose.yaml. */
export type PortVariables = Readonly<Record<string, string>>;

/** The one description of the servers, for `docker compose` and for testcontainers. */
export const composeFile = fileURLToPath(new URL('../../compose.yaml', import.meta.url));

/** Servers that outlive their starter: a second start joins them, `stop` keeps their volumes. */
export async function startCompose(parts: readonly PartName[], ports: PortVariables): Promise<Containers> {
  await compose(['up', '--detach', '--wait', ...parts], ports);
  return {
    async restart(part, signalName) {
      // To Docker a container that was killed by hand is one that shall stay down, hence the start.
      await compose(['kill', '--signal', signalName, part], ports);
      await compose(['start', part], ports);
    },
    stop: () => compose(['stop', ...parts], ports),
  };
}

/** Takes the servers away, with `volumes` their data too. */
export async function removeCompose(volumes: boolean): Promise<void> {
  await compose(['down', ...(volumes ? ['--volumes'] : [])], {});
}

async function compose(args: readonly string[], ports: PortVariables): Promise<void> {
  await run('docker', ['compose', '--file', composeFile, ...args], {
    env: { ...process.env, ...ports },
  }).catch((cause: unknown) => {
    const message = `docker compose ${args[0]} failed: ${messageOf(cause)}`;
    throw localError('ZT-LOCAL-DOCKER', message, { cause });
  });
}
