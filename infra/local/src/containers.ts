import { basename, dirname } from 'node:path';
import { type Containers, composeFile, type PortVariables } from './compose.ts';
import type { PartName } from './part.ts';

/** Servers that end with their starter: testcontainers' reaper removes them even after kill -9. */
export async function startContainers(parts: readonly PartName[], ports: PortVariables): Promise<Containers> {
  // Loaded only where it is wanted: it looks for a container engine and brings a hundred packages.
  const { DockerComposeEnvironment, Wait } = await import('testcontainers');
  const environment = await new DockerComposeEnvironment(dirname(composeFile), basename(composeFile))
    .withEnvironment({ ...ports })
    .withDefaultWaitStrategy(Wait.forListeningPorts())
    .up([...parts]);
  return {
    async restart(part, signalName) {
      await environment.getContainer(`${part}-1`).restart({ timeout: signalName === 'SIGKILL' ? 0 : 15_000 });
    },
    async stop() {
      await environment.down({ removeVolumes: true });
    },
  };
}
