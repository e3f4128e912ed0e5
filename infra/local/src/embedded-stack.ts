import { setTimeout as sleep } from 'node:timers/promises';
import { localError } from './errors.ts';
import { waitFor } from './health.ts';
import { HostServices } from './host-services.ts';
import { launch } from './launch.ts';
import { foldersOf, type PartName } from './part.ts';
import { isGone, signal } from './processes.ts';
import type { Service } from './service.ts';
import type { SettledOptions, Stack } from './stack-contract.ts';
import { isSupervised, type PartState, readState } from './state.ts';
import { stopStack } from './stop.ts';

const healthLimitMs = 60_000;
const bootLimitMs = 10 * 60_000;
const pollMs = 100;

export async function startEmbedded(options: SettledOptions): Promise<Stack> {
  const { directory, parts, ports, log, detached } = options;
  const running = readState(foldersOf(directory));
  const joins = running !== undefined && isSupervised(running);
  const leash = joins ? undefined : await launch({ directory, parts, ports }, log, detached);
  await settled(directory, parts);
  if (leash === undefined) log(`the stack in ${directory} is already up`);
  const services = new HostServices(directory, log, detached ? undefined : leash);
  return new EmbeddedStack(directory, parts, services, leash !== undefined);
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
      throw localError('ZT-LOCAL-PARTS', message);
    }
    await sleep(pollMs);
  }
  const message = `the stack in ${directory} did not come up; see ${directory}/logs/supervisor.log`;
  throw localError('ZT-LOCAL-START', message);
}

class EmbeddedStack implements Stack {
  readonly endpoints: Readonly<Record<PartName, string>>;
  readonly #directory: string;
  readonly #services: HostServices;
  readonly #owner: boolean;

  constructor(directory: string, parts: readonly PartName[], services: HostServices, owner: boolean) {
    this.#directory = directory;
    this.#services = services;
    this.#owner = owner;
    const address = (name: PartName): string => (parts.includes(name) ? this.#find(name).address : '');
    this.endpoints = {
      kafka: address('kafka'),
      registry: address('registry'),
      postgres: address('postgres'),
      clickhouse: address('clickhouse'),
    };
  }

  supervise(service: Service): Promise<void> {
    return this.#services.supervise(service, healthLimitMs);
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
    if (this.#services.has(name)) return this.#services.healthy(name, healthLimitMs);
    await waitFor(this.#find(name), healthLimitMs);
  }

  async stop(): Promise<void> {
    await this.#services.stop();
    if (this.#owner) await stopStack(this.#directory);
  }

  #find(name: string): PartState {
    if (this.#services.has(name)) return this.#services.find(name);
    const found = readState(foldersOf(this.#directory))?.parts.find((part) => part.name === name);
    if (found !== undefined) return found;
    throw localError('ZT-LOCAL-PARTS', `${name} does not run in ${this.#directory}`);
  }
}
