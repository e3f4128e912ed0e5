import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { usageOf } from '@zhongtai/local';
import { type CaseName, parameters } from './cases.ts';
import type { Platform } from './platform.ts';

export const engineNames = ['kafka-streams', 'zhongtai'] as const;
export type EngineName = (typeof engineNames)[number];

export interface Job {
  readonly engine: EngineName;
  readonly case: CaseName;
  readonly application: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly stateDirectory: string;
  readonly threads: number;
}

/** An engine in a process of its own. */
export interface Engine {
  readonly pid: number;
  cpuSeconds(): number;
  /** It has its tasks, restored, and begins. */
  readonly running: Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

const commitMs = 100;
const sessionMs = 6000;
/** As theirs is given a heap of 1 GB. Batches of records live longer than the 16 MB of Node's default hold them. */
const roomForTheYoung = '--max-semi-space-size=64';
const ours = join(import.meta.dirname, 'ours.ts');

export function startEngine(platform: Platform, javaClassPath: string, job: Job): Engine {
  const settings = {
    case: job.case,
    brokers: platform.stack.kafka,
    registry: platform.stack.registry,
    application: job.application,
    instance: `${job.application}-1`,
    in: job.inputs.join(','),
    out: job.output,
    state: job.stateDirectory,
    threads: job.threads,
    commitMs,
    sessionMs,
    eventSchema: platform.codec.schemaIds.event,
    resultSchema: platform.codec.schemaIds.result,
    ...parameters,
  };
  const args = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  if (job.engine === 'kafka-streams') {
    const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=off';
    return follow(spawn('java', ['-Xmx1g', quiet, '-cp', javaClassPath, 'Bench', ...args], piped), job);
  }
  const options = (process.env['ENGINE_NODE_OPTIONS'] ?? '').split(' ').filter((option) => option !== '');
  const node = ['--disable-warning=ExperimentalWarning', roomForTheYoung, ...options, ours, ...args];
  return follow(spawn(process.execPath, node, piped), job);
}

/** The open standard input ends with this process, and an engine ends with it. */
const piped: SpawnOptions = { stdio: ['pipe', 'pipe', 'inherit'] };

function follow(child: ChildProcess, job: Job): Engine {
  const { promise: running, resolve, reject } = Promise.withResolvers<void>();
  const exited = once(child, 'exit');
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) =>
      line === 'running' ? resolve() : undefined,
    );
  }
  let ending = false;
  void exited.then(([code, signal]) => {
    if (!ending) reject(new Error(`${job.engine} ended by itself in ${job.case}: ${code ?? signal}`));
  });
  running.catch(() => undefined);
  const pid = child.pid ?? 0;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    ending = true;
    child.kill(signal);
    await exited;
  };
  return {
    pid,
    running,
    cpuSeconds: () => usageOf(pid, 'without').cpuSeconds,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
