import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { localError } from './errors.ts';
import type { PartName } from './part.ts';

/** Where each part listens when nobody else does. */
export const defaultPorts: Readonly<Record<PartName | 'controller', number>> = {
  kafka: 9092,
  controller: 9093,
  registry: 8081,
  postgres: 5433,
  clickhouse: 8123,
};

export const host = '127.0.0.1';

/**
 * Free ports are taken from below the range that systems give to outgoing connections (32768 and up). From
 * inside that range a client that reconnects to a part that is down may connect to itself, and the part
 * could not come back on its port.
 */
const lowestFreePort = 15_000;
const highestFreePort = 32_000;
const attempts = 200;

/** Whether something could listen there now. */
async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A port that nobody listens on and that is not in `taken`. */
export async function freePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(lowestFreePort, highestFreePort);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw localError('ZT-LOCAL-PORTS', `no free port found in ${attempts} attempts`);
}

/** The wanted ports where they are free, others where they are not; no port twice. */
export async function choosePorts<Name extends string>(
  wanted: Readonly<Record<Name, number | 'free'>>,
): Promise<Map<string, number>> {
  const chosen = new Map<string, number>();
  const taken = new Set<number>();
  for (const [name, port] of Object.entries<number | 'free'>(wanted)) {
    const usable = port !== 'free' && !taken.has(port) && (await isFree(port));
    const result = usable ? port : await freePort(taken);
    taken.add(result);
    chosen.set(name, result);
  }
  return chosen;
}
