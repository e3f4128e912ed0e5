import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createKey, grants } from '@zhongtai/api-gateway';
import { choosePorts } from '@zhongtai/local';
import type { BenchStack } from './gateway-stack.ts';
import type { CpuProfile } from './gateway-stages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A server under load. */
export interface Served {
  readonly port: number;
  readonly pid: number;
  readonly key: string;
  stop(): Promise<void>;
}

async function untilAnswers(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`${url}: the process ended with ${child.exitCode}`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer !== undefined && answer.status !== 503) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} does not answer`);
}

async function serve(
  path: string,
  env: Readonly<Record<string, string>>,
  options: { readonly readyPath: string; readonly key: string; readonly flags?: readonly string[] },
): Promise<Served> {
  const port = (await choosePorts({ server: 'free' })).get('server') ?? 0;
  const child = spawn(process.execPath, [...(options.flags ?? []), join(root, path)], {
    env: { ...process.env, ...env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await untilAnswers(`http://127.0.0.1:${port}${options.readyPath}`, child);
  return {
    port,
    pid: child.pid ?? 0,
    key: options.key,
    async stop() {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The gateway as a process. With `profileTo` its CPU profile lies in that folder when it has stopped. */
export async function serveGateway(stack: BenchStack, folder: string, profileTo?: string): Promise<Served> {
  const { clearKey, stored } = createKey('bench', [...grants], new Date());
  const keysFile = join(folder, 'keys.json');
  await writeFile(keysFile, JSON.stringify({ keys: [stored] }));
  const env = {
    KAFKA_BROKERS: stack.kafka,
    SCHEMA_REGISTRY_URL: stack.registry,
    API_KEYS_FILE: keysFile,
    TOKEN_SECRET: randomBytes(32).toString('hex'),
    VAULT_KEY: randomBytes(32).toString('hex'),
  };
  const flags = profileTo === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileTo}`];
  return serve('services/api-gateway/src/main.ts', env, { readyPath: '/ready', key: clearKey, flags });
}

/** The least that any HTTP server does. */
export function serveBare(): Promise<Served> {
  return serve('scripts/bench/gateway-bare.ts', {}, { readyPath: '/', key: '' });
}

/** The one profile of a folder. */
export async function readProfile(folder: string): Promise<CpuProfile> {
  const name = (await readdir(folder)).find((file) => file.endsWith('.cpuprofile'));
  if (name === undefined) throw new Error('the gateway left no CPU profile');
  return JSON.parse(await readFile(join(folder, name), 'utf8'));
}
