import { localError } from './errors.ts';
import { waitFor } from './health.ts';
import { type Leash, launch } from './launch.ts';
import { foldersOf } from './part.ts';
import { orderOf, type Service, servicePart } from './service.ts';
import { type PartState, readState } from './state.ts';
import { stopStack } from './stop.ts';

/** Our own processes beside the parts, for every flavour of stack. */
export class HostServices {
  readonly #directory: string;
  readonly #log: (line: string) => void;
  readonly #services = new Map<string, Service>();
  #leash: Leash | undefined;
  /** Notes of a supervisor of their own, when the one of the parts is not ours or there is none. */
  #run: string | undefined;

  constructor(directory: string, log: (line: string) => void, leash?: Leash) {
    this.#directory = directory;
    this.#log = log;
    this.#leash = leash;
  }

  async supervise(service: Service, limitMs: number): Promise<void> {
    this.#leash ??= await this.#ownSupervisor();
    this.#services.set(service.name, service);
    await this.#leash?.supervise(orderOf(service));
    await this.healthy(service.name, limitMs);
  }

  has(name: string): boolean {
    return this.#services.has(name);
  }

  find(name: string): PartState {
    const state = readState(foldersOf(this.#directory, this.#run));
    const found = state?.parts.find((part) => part.name === name);
    if (found !== undefined) return found;
    throw localError('ZT-LOCAL-PARTS', `${name} does not run in ${this.#directory}`);
  }

  async healthy(name: string, limitMs: number): Promise<void> {
    const service = this.#services.get(name);
    if (service === undefined) return;
    const { check } = servicePart(orderOf(service));
    await waitFor({ name, port: 0 }, limitMs, async () => {
      await check();
      if (service.ready === undefined || (await service.ready())) return;
      throw localError('ZT-LOCAL-HEALTH', `${name} is not ready`);
    });
  }

  async stop(): Promise<void> {
    if (this.#run !== undefined) await stopStack(this.#directory, this.#run);
  }

  async #ownSupervisor(): Promise<Leash | undefined> {
    this.#run = `run/services-${process.pid}`;
    const assignment = { directory: this.#directory, parts: [], ports: 'free', run: this.#run } as const;
    return launch(assignment, this.#log, false);
  }
}
