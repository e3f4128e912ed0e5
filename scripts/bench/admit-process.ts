import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { choosePorts, usageOf } from '@zhongtai/local';
import type { BenchStack } from './gateway-stack.ts';

const main = join(import.meta.dirname, '../../services/factory/src/main.ts');
const startMs = 600_000;
/** As the platform starts it. */
const nodeFlags: readonly string[] = [];

/** One factory that runs `admit`, as a process that can be stopped and started again. */
export interface FactoryProcess {
  /** Resolves when its tasks are restored and run. */
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly ended: boolean;
  /** A metric's sum over its labels. */
  metric(name: string): Promise<number>;
  cpuSeconds(): number;
  /** What the state takes on the disk. */
  stateBytes(): Promise<number>;
}

export function createFactoryProcess(stack: BenchStack, state: string): FactoryProcess {
  let child: ChildProcess | undefined;
  let port = 0;

  async function isReady(): Promise<boolean> {
    const answer = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => undefined);
    return answer?.status === 200;
  }

  return {
    async start() {
      port = (await choosePorts({ factory: 'free' })).get('factory') ?? 0;
      const flags = process.env['FACTORY_FLAGS']?.split(' ').filter(Boolean) ?? nodeFlags;
      child = spawn(process.execPath, [...flags, main], {
        env: {
          PATH: process.env['PATH'] ?? '',
          KAFKA_BROKERS: stack.kafka,
          SCHEMA_REGISTRY_URL: stack.registry,
          APPLICATION: 'admit',
          INSTANCE: 'bench',
          STATE_DIRECTORY: state,
          PORT: String(port),
          LOG_LEVEL: 'warn',
          TOKEN_SECRET: 'a secret of the bench, long enough',
          VAULT_KEY: '11'.repeat(32),
        },
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      const until = performance.now() + startMs;
      while (!(await isReady())) {
        if (child.exitCode !== null || performance.now() > until)
          throw new Error('the factory does not start');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async stop() {
      if (child === undefined || child.exitCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
    get ended() {
      return child?.exitCode !== null;
    },
    async metric(name) {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
    cpuSeconds: () => usageOf(child?.pid ?? 0).cpuSeconds,
    async stateBytes() {
      const files = await readdir(state, { recursive: true, withFileTypes: true });
      const sizes = files
        .filter((file) => file.isFile())
        .map(async (file) => (await stat(join(file.parentPath, file.name))).blocks * 512);
      return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    },
  };
}
