import { type PortVariables, startCompose } from './compose.ts';
import { startContainers } from './containers.ts';
import { writeEndpoints } from './endpoints.ts';
import { localError } from './errors.ts';
import { waitFor } from './health.ts';
import { HostServices } from './host-services.ts';
import type { PartName } from './part.ts';
import { choosePorts, defaultPorts, host } from './ports.ts';
import type { SettledOptions, Stack } from './stack-contract.ts';

const healthLimitMs = 120_000;

/** The same stack with the real servers. Docker restarts what dies. */
export async function startInDocker(options: SettledOptions): Promise<Stack> {
  const { directory, parts, log, flavour } = options;
  const ports = await portsOf(options);
  const start = flavour === 'compose' ? startCompose : startContainers;
  const containers = await start(parts, variablesOf(ports));
  const endpoints = endpointsOf(parts, ports);
  const known = new Set<string>(parts);
  const services = new HostServices(directory, log);
  const healthy = async (name: string): Promise<void> => {
    if (!known.has(name)) return services.healthy(name, healthLimitMs);
    await waitFor({ name, port: ports.get(name) ?? 0 }, healthLimitMs);
  };
  for (const part of parts) await healthy(part);
  await writeEndpoints(directory, Object.fromEntries(parts.map((name) => [name, endpoints[name]])));
  return {
    endpoints,
    healthy,
    supervise: (service) => services.supervise(service, healthLimitMs),
    pid: (name) => (known.has(name) ? unknownPid(name) : services.find(name).pid),
    async kill(name, signalName) {
      const part = parts.find((each) => each === name);
      if (part !== undefined) await containers.restart(part, signalName);
      else process.kill(services.find(name).pid, signalName);
    },
    async stop() {
      await services.stop();
      if (options.detached) return;
      await containers.stop();
      await writeEndpoints(directory, Object.fromEntries(parts.map((name) => [name, null])));
    },
  };
}

/** Compose joins containers that already run, so its ports are fixed; testcontainers brings new ones. */
async function portsOf({ parts, flavour, ports }: SettledOptions): Promise<Map<string, number>> {
  if (flavour === 'compose') return new Map(parts.map((name) => [name, defaultPorts[name]]));
  return choosePorts(
    Object.fromEntries(parts.map((name) => [name, ports === 'free' ? 'free' : defaultPorts[name]])),
  );
}

/** KAFKA_PORT and the like, as infra/compose.yaml wants them. */
export function variablesOf(ports: ReadonlyMap<string, number>): PortVariables {
  return Object.fromEntries([...ports].map(([name, port]) => [`${name.toUpperCase()}_PORT`, String(port)]));
}

/** The same addresses as those of the embedded parts. */
export function endpointsOf(
  parts: readonly PartName[],
  ports: ReadonlyMap<string, number>,
): Record<PartName, string> {
  const address = (name: PartName, write: (place: string) => string): string =>
    parts.includes(name) ? write(`${host}:${ports.get(name)}`) : '';
  return {
    kafka: address('kafka', (place) => place),
    registry: address('registry', (place) => `http://${place}`),
    postgres: address('postgres', (place) => `postgresql://zhongtai:zhongtai@${place}/zhongtai`),
    clickhouse: address('clickhouse', (place) => `http://${place}`),
  };
}

function unknownPid(name: string): never {
  throw localError('ZT-LOCAL-FLAVOUR', `${name} runs in Docker, its process is not ours to see`);
}
