import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const main = join(import.meta.dirname, 'worker.ts');

export interface WorkersOptions {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

interface Worker {
  readonly name: string;
  child: ChildProcess;
  /** Stopped or killed on purpose; any other end is a fault. */
  away: boolean;
}

/** The processes that share the application's tasks. */
export interface Workers {
  readonly names: readonly string[];
  /** Those that run and are not frozen, dead or leaving. */
  readonly present: readonly string[];
  start(name: string): void;
  kill(name: string): Promise<void>;
  freeze(name: string): void;
  thaw(name: string): void;
  /** By SIGTERM; a process that does not end within half a minute is a fault. */
  stop(name: string): Promise<void>;
  wipe(name: string): Promise<void>;
  stateOf(name: string): string;
  /** Ends that nobody ordered. */
  readonly faults: readonly string[];
}

export function createWorkers({ folder, environment }: WorkersOptions): Workers {
  const workers = new Map<string, Worker>();
  const faults: string[] = [];
  const stateOf = (name: string) => join(folder, 'state', name);

  function launch(name: string): ChildProcess {
    const env = { ...process.env, ...environment, INSTANCE: name, STATE_DIRECTORY: stateOf(name) };
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const log = createWriteStream(join(folder, `${name}.log`), { flags: 'a' });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    child.once('exit', (code, signal) => {
      log.end();
      const worker = workers.get(name);
      if (worker?.child !== child || worker.away) return;
      faults.push(`${name} ended by itself (${signal ?? code}); see its log`);
      worker.away = true;
      setTimeout(() => start(name), 500);
    });
    return child;
  }

  function start(name: string): void {
    const worker = workers.get(name);
    if (worker === undefined) workers.set(name, { name, child: launch(name), away: false });
    else {
      worker.child = launch(name);
      worker.away = false;
    }
  }

  function known(name: string): Worker {
    const worker = workers.get(name);
    if (worker === undefined) throw new Error(`no worker ${name}`);
    return worker;
  }

  async function end(name: string, signal: NodeJS.Signals, limitMs: number): Promise<void> {
    const worker = known(name);
    worker.away = true;
    const { child } = worker;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit').then(() => true);
    child.kill(signal);
    if (await Promise.race([exited, sleep(limitMs).then(() => false)])) return;
    faults.push(`${name} did not end within ${limitMs} ms of ${signal}`);
    child.kill('SIGKILL');
    await exited;
  }

  return {
    get names() {
      return [...workers.keys()];
    },
    get present() {
      return [...workers.values()].filter(({ away }) => !away).map(({ name }) => name);
    },
    start,
    kill: (name) => end(name, 'SIGKILL', 5_000),
    freeze(name) {
      const worker = known(name);
      worker.away = true;
      worker.child.kill('SIGSTOP');
    },
    thaw(name) {
      const worker = known(name);
      worker.child.kill('SIGCONT');
      worker.away = false;
    },
    stop: (name) => end(name, 'SIGTERM', 30_000),
    async wipe(name) {
      await rm(stateOf(name), { recursive: true, force: true });
    },
    stateOf,
    faults,
  };
}
