import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ZhongtaiError } from '@zhongtai/runtime/errors';
import { waitFor } from './health.ts';
import { type Leash, launch } from './launch.ts';
import { foldersOf, type PartName, partNames } from './part.ts';
import { birthOf, end, isGone, signal } from './processes.ts';
import { orderOf, type Service, servicePart } from './service.ts';
import { isSupervised, type PartState, readState } from './state.ts';

export type Flavour = 'embedded' | 'compose' | 'containers';

export interface StackOptions {
  /** Holds data, logs and run files; one stack per directory. */
  readonly directory: string;
  /** All of them by default. */
  readonly parts?: readonly PartName[];
  readonly flavour?: Flavour;
  /** `default`: the well-known ports, others where those are taken. `free`: any. */
  readonly ports?: 'default' | 'free';
  readonly log?: (line: string) => void;
  /** The stack lives on when this process ends, until `stopStack`. */
  readonly detached?: boolean;
}

/** A running stack. Names are those of parts and of services. */
export interface Stack {
  /** Addresses by part; empty text for a part that was not asked for. */
  readonly endpoints: Readonly<Record<PartName, string>>;
  /**
   * Carries a process of ours too: resolves when it is ready, starts it again when it dies, ends it (by
   * SIGTERM, the last one added first) before the parts.
   */
  supervise(service: Service): Promise<void>;
  /** The process of this moment; another one after a restart. */
  pid(name: string): number;
  /** Sends a signal; after SIGKILL resolves when that process is gone. The supervisor starts it again. */
  kill(name: string, signalName: NodeJS.Signals): Promise<void>;
  /** Resolves as soon as it answers in its own protocol. */
  healthy(name: string): Promise<void>;
  /** Ends the services that this call brought, and the parts unless they had been running before. */
  stop(): Promise<void>;
}

const healthLimitMs = 60_000;
const stopLimitMs = 90_000;
const bootLimitMs = 10 * 60_000;
const pollMs = 100;

/** Starts what is wanted, or joins what already runs in this directory. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const directory = resolve(options.directory);
  const parts = partNames.filter((name) => (options.parts ?? partNames).includes(name));
  const log = options.log ?? (() => {});
  const running = readState(foldersOf(directory));
  const joins = running !== undefined && isSupervised(running);
  const assignment = { directory, parts, ports: options.ports ?? 'default' };
  const leash = joins ? undefined : await launch(assignment, log, options.detached ?? false);
  await settled(directory, parts);
  if (leash === undefined) log(`the stack in ${directory} is already up`);
  return new EmbeddedStack(
    directory,
    parts,
    log,
    options.detached === true ? undefined : leash,
    leash !== undefined,
  );
}

/** Ends the stack of this directory, whoever started it. Returns whether there was one. */
export async function stopStack(directory: string, run?: string): Promise<boolean> {
  const state = readState(foldersOf(resolve(directory), run));
  if (state === undefined) return false;
  const lived = isSupervised(state);
  if (lived) await end(state.pid, 'SIGTERM', stopLimitMs);
  // If the supervisor had been killed, or has just been, its parts are still there.
  const left = state.parts.filter(({ pid, birth }) => pid !== 0 && birthOf(pid) === birth);
  await Promise.all(left.map(({ pid }) => end(pid, 'SIGTERM', stopLimitMs / 3)));
  return lived || left.length > 0;
}

/** Waits until each wanted part is up, under a supervisor that lives. */
async function settled(directory: string, parts: readonly PartName[]): Promise<void> {
  const deadline = Date.now() + bootLimitMs;
  while (Date.now() < deadline) {
    const state = readState(foldersOf(directory));
    if (state === undefined || !isSupervised(state)) break;
    const phases = parts.map((name) => state.parts.find((part) => part.name === name)?.phase);
    if (phases.every((phase) => phase === 'up')) return;
    const missing = parts.filter((_, index) => state.parts.length > 0 && phases[index] === undefined);
    if (missing.length > 0) {
      const message = `the stack in ${directory} runs without ${missing.join(', ')}; stop it first (make down)`;
      throw new ZhongtaiError('ZT-LOCAL-PARTS', 'fatal', message);
    }
    await sleep(pollMs);
  }
  const message = `the stack in ${directory} did not come up; see ${directory}/logs/supervisor.log`;
  throw new ZhongtaiError('ZT-LOCAL-START', 'fatal', message);
}

class EmbeddedStack implements Stack {
  readonly endpoints: Readonly<Record<PartName, string>>;
  readonly #directory: string;
  readonly #log: (line: string) => void;
  readonly #owner: boolean;
  readonly #services = new Map<string, Service>();
  /** Notes of the supervisor of services, when that is not the one of the parts. */
  #servicesRun: string | undefined;
  #leash: Leash | undefined;

  constructor(
    directory: string,
    parts: readonly PartName[],
    log: (line: string) => void,
    leash: Leash | undefined,
    owner: boolean,
  ) {
    this.#directory = directory;
    this.#log = log;
    this.#leash = leash;
    this.#owner = owner;
    const address = (name: PartName): string => (parts.includes(name) ? this.#find(name).address : '');
    this.endpoints = {
      kafka: address('kafka'),
      registry: address('registry'),
      postgres: address('postgres'),
      clickhouse: address('clickhouse'),
    };
  }

  async supervise(service: Service): Promise<void> {
    this.#leash ??= await this.#ownSupervisor();
    this.#services.set(service.name, service);
    await this.#leash?.supervise(orderOf(service));
    await this.healthy(service.name);
  }

  pid(name: string): number {
    return this.#find(name).pid;
  }

  async kill(name: string, signalName: NodeJS.Signals): Promise<void> {
    const { pid, birth } = this.#find(name);
    signal(pid, signalName);
    if (signalName === 'SIGKILL') await isGone(pid, birth, healthLimitMs);
  }

  async healthy(name: string): Promise<void> {
    const service = this.#services.get(name);
    if (service === undefined) return waitFor(this.#find(name), healthLimitMs);
    const { check } = servicePart(orderOf(service));
    await waitFor({ name, port: 0 }, healthLimitMs, async () => {
      await check();
      if (service.ready === undefined || (await service.ready())) return;
      throw new ZhongtaiError('ZT-LOCAL-HEALTH', 'retryable', `${name} is not ready`);
    });
  }

  async stop(): Promise<void> {
    if (this.#servicesRun !== undefined) await stopStack(this.#directory, this.#servicesRun);
    if (this.#owner) await stopStack(this.#directory);
  }

  /** Beside a stack that somebody else started, our services get a supervisor that ends with us. */
  async #ownSupervisor(): Promise<Leash | undefined> {
    this.#servicesRun = `run/services-${process.pid}`;
    const assignment = {
      directory: this.#directory,
      parts: [],
      ports: 'free',
      run: this.#servicesRun,
    } as const;
    return launch(assignment, this.#log, false);
  }

  #find(name: string): PartState {
    for (const run of ['run', this.#servicesRun]) {
      if (run === undefined) continue;
      const found = readState(foldersOf(this.#directory, run))?.parts.find((part) => part.name === name);
      if (found !== undefined) return found;
    }
    throw new ZhongtaiError(
      'ZT-LOCAL-PARTS',
      'fatal',
      `${name} does not run in the stack of ${this.#directory}`,
    );
  }
}
