import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@zhongtai/runtime/errors';
import { localError } from './errors.ts';
import type { Part } from './part.ts';
import { birthOf, end, partMark, supervisorMark } from './processes.ts';
import type { PartPhase, PartState } from './state.ts';

const logLimitBytes = 20 * 1024 * 1024;
const pollMs = 100;
/** A part that was well for so long starts again at once when it dies; one that keeps dying has to wait. */
const steadyMs = 20_000;
const firstPauseMs = 100;
const longestPauseMs = 5_000;

export interface RunnerEvents {
  changed(): void;
  log(line: string): void;
}

/** Keeps one part running: starts it, waits until it answers, starts it again when it dies. */
export class Runner {
  readonly part: Part;
  readonly log: string;
  readonly #events: RunnerEvents;
  readonly #mark: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  #birth = '';
  #phase: PartPhase = 'waiting';
  #restarts = 0;
  #failures = 0;
  #stopping = false;
  #upSince = 0;
  #preparing: Promise<void> = Promise.resolve();

  constructor(part: Part, log: string, events: RunnerEvents, run = '') {
    this.part = part;
    this.#mark = { [partMark]: run, [supervisorMark]: '' };
    this.log = log;
    this.#events = events;
  }

  get state(): PartState {
    const { name, address, port } = this.part;
    const pid = this.#child?.pid ?? 0;
    const birth = this.#birth;
    return { name, address, port, log: this.log, phase: this.#phase, pid, birth, restarts: this.#restarts };
  }

  /** Resolves when the part answers for the first time; rejects when it never will. */
  async start(): Promise<void> {
    const began = Date.now();
    this.#preparing = this.part.prepare();
    await this.#preparing;
    if (await this.#isForeign()) this.#giveUp(`another process answers at ${this.part.address}`);
    await this.#run(true);
    if (this.#stopping) return;
    const took = ((Date.now() - began) / 1000).toFixed(1);
    this.#events.log(`${this.part.name} is up at ${this.part.address} after ${took} s`);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    // What prepares the data directory are processes too, and nobody would end them after us.
    await this.#preparing.catch(() => {});
    const pid = this.#child?.pid;
    if (pid !== undefined) await end(pid, this.part.stopSignal, this.part.stopGraceMs);
    this.#enter('stopped');
  }

  /** Before the first start nobody may answer there, or its answers would be taken for those of our process. */
  #isForeign(): Promise<boolean> {
    if (this.part.address === '') return Promise.resolve(false);
    return this.part.check().then(
      () => true,
      () => false,
    );
  }

  async #run(first: boolean): Promise<void> {
    if (this.#stopping) return;
    const child = this.#spawn();
    const dead = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    const limitMs = first ? this.part.startLimitMs : Number.POSITIVE_INFINITY;
    const outcome = await Promise.race([this.#answers(child, limitMs), dead]);
    if (outcome === 'up') {
      this.#failures = 0;
      this.#upSince = Date.now();
      this.#enter('up');
      void dead.then((reason) => this.#again(reason));
      return;
    }
    this.#failures += 1;
    if (child.pid !== undefined) await end(child.pid, 'SIGKILL', 0);
    if (this.#stopping) return;
    if (first) return this.#giveUp(outcome);
    await this.#again(outcome);
  }

  /** The part is gone though nobody asked it to stop: the same again, on the same port, with the same data. */
  async #again(reason: string): Promise<void> {
    if (this.#stopping) return;
    this.#restarts += 1;
    this.#enter('starting');
    this.#events.log(`${this.part.name} ended (${reason}), starting it again`);
    const steady = this.#failures === 0 && Date.now() - this.#upSince > steadyMs;
    const pause = steady ? 0 : Math.min(firstPauseMs * 2 ** this.#failures, longestPauseMs);
    await sleep(pause);
    await this.#run(false).catch((error: unknown) => this.#events.log(messageOf(error)));
  }

  #giveUp(reason: string): never {
    this.#enter('failed');
    throw localError(
      'ZT-LOCAL-START',
      `${this.part.name} does not start (${reason}); its log says why: ${this.log}`,
    );
  }

  #spawn(): ChildProcess {
    const { part } = this;
    const output = openLog(this.log);
    try {
      const child = spawn(part.command, part.args, {
        cwd: part.cwd ?? '/',
        env: { ...process.env, NODE_OPTIONS: '', ...part.env, ...this.#mark },
        stdio: ['ignore', output, output],
        ...(part.uid === undefined ? {} : { uid: part.uid }),
        ...(part.gid === undefined ? {} : { gid: part.gid }),
      });
      this.#child = child;
      this.#birth = child.pid === undefined ? '' : (birthOf(child.pid) ?? '');
      this.#enter('starting');
      return child;
    } finally {
      closeSync(output);
    }
  }

  async #answers(child: ChildProcess, limitMs: number): Promise<string> {
    const deadline = Date.now() + limitMs;
    let last: unknown;
    while (Date.now() < deadline && !this.#stopping) {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) break;
      try {
        await this.part.check();
        return 'up';
      } catch (error) {
        last = error;
        await sleep(pollMs);
      }
    }
    return `no good answer in time: ${messageOf(last)}`;
  }

  #enter(phase: PartPhase): void {
    this.#phase = phase;
    this.#events.changed();
  }
}

/** Opens a log for appending; what an earlier run left goes to `<name>.1` when it has grown large. */
function openLog(path: string): number {
  mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true });
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > logLimitBytes) renameSync(path, `${path}.1`);
  return openSync(path, 'a');
}
