import { join, resolve } from 'node:path';
import {
  choosePorts,
  type PartName,
  readEndpoints,
  type Stack,
  startStack,
  writeEndpoints,
} from '@zhongtai/local';
import { ZhongtaiError } from '@zhongtai/runtime';

import { apiKeysFile, type LocalSecrets, localSecrets } from './secrets.ts';

/** Our own processes, in the order in which they start. */
export const serviceNames = ['warehouse-sink', 'factory', 'api-gateway'] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface PlatformOptions {
  /** Holds data, logs, keys and run files of the stack and of our services. */
  readonly directory: string;
  readonly ports?: 'default' | 'free';
  readonly parts?: readonly PartName[];
  /** Which of our services; all unless told. */
  readonly services?: readonly ServiceName[];
  /** More environment for our services, such as smaller limits in a test. */
  readonly env?: Readonly<Record<string, string>>;
  readonly log?: (line: string) => void;
}

/** A whole platform on this machine: the stack with our services as processes on top. */
export interface Platform {
  readonly stack: Stack;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly clickhouseUrl: string;
  readonly gatewayUrl: string;
  readonly factoryUrl: string;
  readonly sinkUrl: string;
  readonly secrets: LocalSecrets;
  stop(): Promise<void>;
}

const defaultPorts: Readonly<Record<ServiceName, number>> = {
  'warehouse-sink': 8084,
  factory: 8085,
  'api-gateway': 8080,
};
const root = resolve(import.meta.dirname, '../..');

/** Two platforms in one directory would share topics and tables, and end each other's addresses. */
async function refuseSecond(directory: string): Promise<void> {
  const { apiGateway } = await readEndpoints(directory);
  if (apiGateway === undefined || !(await answers(`${apiGateway}/health`))) return;
  throw new ZhongtaiError(
    'ZT-PLATFORM-RUNNING',
    'fatal',
    `a platform already runs in ${directory} (${apiGateway}); end it first, or set ZHONGTAI_DIRECTORY to another folder`,
  );
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { headers: { connection: 'close' } })).ok;
  } catch {
    return false;
  }
}

/** Ready, and not somebody else's process that took the port a moment before ours. */
async function isReady(url: string, pidOf: () => number): Promise<boolean> {
  const health = await fetch(`${url}/health`, { headers: { connection: 'close' } });
  const { pid }: { pid?: number } = JSON.parse(await health.text());
  return pid === pidOf() && (await answers(`${url}/ready`));
}

/**
 * Starts everything and resolves when all services say that they are ready. Whatever dies is started
 * again by the stack's supervisor; whatever lives ends with this process.
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { directory, ports = 'default', log = () => {} } = options;
  await refuseSecond(resolve(directory));
  const stack = await startStack({
    directory,
    ports,
    parts: options.parts ?? ['kafka', 'registry', 'clickhouse', 'postgres'],
    log,
  });
  const secrets = await localSecrets(resolve(directory));
  const registryUrl = `${stack.endpoints.registry}/apis/ccompat/v7`;
  const addresses = {
    KAFKA_BROKERS: stack.endpoints.kafka,
    SCHEMA_REGISTRY_URL: registryUrl,
    CLICKHOUSE_URL: stack.endpoints.clickhouse,
  };

  const free = { 'warehouse-sink': 'free', factory: 'free', 'api-gateway': 'free' } as const;
  const wanted = ports === 'default' ? defaultPorts : free;
  const chosen = await choosePorts<ServiceName>(wanted);

  async function serve(name: ServiceName, env: Record<string, string>): Promise<string> {
    const port = chosen.get(name);
    const url = `http://127.0.0.1:${port}`;
    await stack.supervise({
      name,
      command: process.execPath,
      args: [join(root, 'services', name, 'src/main.ts')],
      env: { ...addresses, ...env, ...options.env, HOST: '127.0.0.1', PORT: String(port) },
      readyUrl: `${url}/ready`,
      ready: () => isReady(url, () => stack.pid(name)),
    });
    return url;
  }

  try {
    const wants = (name: ServiceName) => options.services?.includes(name) ?? true;
    const sinkUrl = wants('warehouse-sink') ? await serve('warehouse-sink', {}) : '';
    const tokens = { TOKEN_SECRET: secrets.tokenSecret, VAULT_KEY: secrets.vaultKey };
    const factoryUrl = await serve('factory', {
      ...tokens,
      APPLICATION: 'admit',
      STATE_DIRECTORY: join(resolve(directory), 'factory'),
      INSTANCE: 'factory-1',
    });
    const gatewayUrl = await serve('api-gateway', {
      ...tokens,
      API_KEYS_FILE: apiKeysFile(resolve(directory)),
    });
    await writeEndpoints(resolve(directory), { apiGateway: gatewayUrl });
    return {
      stack,
      brokers: [stack.endpoints.kafka],
      registryUrl,
      clickhouseUrl: stack.endpoints.clickhouse,
      gatewayUrl,
      factoryUrl,
      sinkUrl,
      secrets,
      async stop() {
        await writeEndpoints(resolve(directory), { apiGateway: null });
        await stack.stop();
      },
    };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}
