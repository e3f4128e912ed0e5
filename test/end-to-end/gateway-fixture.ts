import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKey, grants } from '@zhongtai/api-gateway';
import { createHighway, type Highway, type Received } from '@zhongtai/highway';
import { type Stack, startStack } from '@zhongtai/local';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { topics } from '@zhongtai/schemas';

const main = join(import.meta.dirname, '../../services/api-gateway/src/main.ts');

type Event = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: {
    readonly accepted?: number;
    readonly code?: string;
    readonly rejected?: readonly { readonly index: number; readonly code: string; readonly path: string }[];
  };
}

/** A broker, a registry and the gateway as processes. */
export interface GatewayStage {
  readonly stack: Stack;
  readonly url: string;
  readonly key: string;
  /** What the gateway logged. */
  readonly log: string;
  post(body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  ready(): Promise<number>;
  /** Ends the gateway and answers its exit code. */
  terminate(): Promise<number | null>;
  restart(): Promise<void>;
  /** All records of these topics, decoded. */
  read(names: readonly string[]): Promise<Received<Event>[]>;
  close(): Promise<void>;
}

export async function openGatewayStage(): Promise<GatewayStage> {
  const directory = await mkdtemp(join(tmpdir(), 'zhongtai-gateway-'));
  // The broker is killed, so it is our own; the registry may be one that other tests use as well.
  const givenRegistry = process.env['SCHEMA_REGISTRY_URL'];
  const stack = await startStack({
    directory: join(directory, 'stack'),
    parts: givenRegistry === undefined ? ['kafka', 'registry'] : ['kafka'],
    ports: 'free',
  });
  const registryUrl = givenRegistry ?? `${stack.endpoints.registry}/apis/ccompat/v7`;
  const { clearKey, stored } = createKey('till', [...grants], new Date());
  const keysFile = join(directory, 'keys.json');
  await writeFile(keysFile, JSON.stringify({ keys: [stored] }));
  const env = {
    PATH: process.env['PATH'] ?? '',
    PORT: '0',
    KAFKA_BROKERS: stack.endpoints.kafka,
    SCHEMA_REGISTRY_URL: registryUrl,
    API_KEYS_FILE: keysFile,
    TOKEN_SECRET: 'a secret of the tests, long enough',
    VAULT_KEY: '11'.repeat(32),
    PUBLISH_TIMEOUT_MS: '1500',
  };
  let log = '';
  let url = '';
  let child: ChildProcess;

  async function start(): Promise<void> {
    log = '';
    child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], { env });
    const listening = new Promise<void>((resolve, reject) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        log += chunk.toString();
        const address = /"address":"([^"]+)"/.exec(log)?.[1];
        if (address === undefined) return;
        url = address;
        resolve();
      });
      child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}: ${log}`)));
    });
    await listening;
  }

  async function terminate(): Promise<number | null> {
    if (child.exitCode !== null) return child.exitCode;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    return child.exitCode;
  }

  const highway: Highway = createHighway({
    brokers: [stack.endpoints.kafka],
    registryUrl,
    clientId: 'gateway-test',
    partitions: 4,
    logger: createLogger({ name: 'gateway-test', level: 'silent' }),
    metrics: createMetrics(),
  });
  let readers = 0;

  async function read(names: readonly string[]): Promise<Received<Event>[]> {
    const wanted = names.flatMap((name) => topics[name] ?? []);
    const ends = await Promise.all(names.map((name) => highway.admin.endOffsets(name)));
    const total = ends.flat().reduce((sum, { earliest, end }) => sum + end - earliest, 0);
    const received: Received<Event>[] = [];
    readers += 1;
    const subscription = highway.subscribe<Event>({
      groupId: `gateway-test-${readers}`,
      topics: wanted,
      fromBeginning: true,
      onBatch: async (records) => void received.push(...records),
    });
    await subscription.start();
    const until = Date.now() + 15_000;
    while (received.length < total && Date.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 50));
    await subscription.stop();
    return received;
  }

  await start();
  return {
    stack,
    key: clearKey,
    get url() {
      return url;
    },
    get log() {
      return log;
    },
    async post(body, headers = {}) {
      const response = await fetch(`${url}/v1/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${clearKey}`, ...headers },
        body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      });
      const parsed: Answer['body'] = JSON.parse(await response.text());
      return { status: response.status, retryAfter: response.headers.get('retry-after'), body: parsed };
    },
    ready: async () => (await fetch(`${url}/ready`)).status,
    terminate,
    restart: start,
    read,
    async close() {
      await terminate();
      await highway.close();
      await stack.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
