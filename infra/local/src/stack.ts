import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ZhongtaiError } from '@zhongtai/runtime';
import { waitForPart } from './health.ts';
import { launch } from './launch.ts';
import { foldersOf, type PartName, partNames } from './part.ts';
import { birthOf, end, isGone, signal } from './processes.ts';
import { isSupervised, readState, type StackState } from './state.ts';

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

/** A running stack. */
export interface Stack {
  /** Addresses by part; empty text for a part that was not asked for. */
  readonly endpoints: Readonly<Record<PartName, string>>;
  /** The part's process of this moment; another one after a restart. */
  pid(part: PartName): number;
  /** Sends a signal; after SIGKILL resolves when that process is gone. The supervisor starts it again. */
  kill(part: PartName, name: NodeJS.Signals): Promise<void>;
  /** Resolves as soon as the part answers in its own protocol. */
  healthy(part: PartName): Promise<void>;
  /** Ends the stack if this call started it; a stack that was running before stays. */
  stop(): Promise<void>;
}

const healthLimitMs = 60_000;
const stopLimitMs = 45_000;
const bootLimitMs = 10 * 60_000;
const pollMs = 100;

/** Starts what is wanted, or joins what already runs in this directory. */
export async function startEmbedded(options: StackOptions): Promise<Stack> {
  const directory = resolve(options.directory);
  const parts = partNames.filter((name) => (options.parts ?? partNames).includes(name));
  const log = options.log ?? (() => {});
  const running = readState(foldersOf(directory));
  const launched =
    (running === undefined || !isSupervised(running)) &&
    (await launch({ directory, parts, ports: options.ports ?? 'default' }, log, options.detached ?? false));
  const state = await settled(directory, parts);
  if (!launched) log(`the stack in ${directory} is already up`);
  return stackOf(directory, state, launched ? () => stopStack(directory) : async () => {});
}

/** Ends the stack of this directory, whoever started it. Returns whether there was one. */
export async function stopStack(directory: string): Promise<boolean> {
  const state = readState(foldersOf(resolve(directory)));
  if (state === undefined) return false;
  const lived = isSupervised(state);
  if (lived) await end(state.pid, 'SIGTERM', stopLimitMs);
  // If the supervisor had been killed, or has just been, its parts are still there.
  const left = state.parts.filter(({ pid, birth }) => pid !== 0 && birthOf(pid) === birth);
  await Promise.all(left.map(({ pid }) => end(pid, 'SIGTERM', stopLimitMs / 3)));
  return lived || left.length > 0;
}

/** Waits until each wanted part is up, under a supervisor that lives. */
async function settled(directory: string, parts: readonly PartName[]): Promise<StackState> {
  const deadline = Date.now() + bootLimitMs;
  while (Date.now() < deadline) {
    const state = readState(foldersOf(directory));
    if (state === undefined || !isSupervised(state)) break;
    const phases = parts.map((name) => state.parts.find((part) => part.name === name)?.phase);
    if (phases.every((phase) => phase === 'up')) return state;
    const missing = parts.filter((_, index) => state.parts.length > 0 && phases[index] === undefined);
    if (missing.length > 0) {
      const message = `the stack in ${directory} runs without ${missing.join(', ')}; stop it first (make down)`;
      throw new ZhongtaiError('ZT-LOCAL-PARTS', 'fatal', message);
    }
    await sleep(pollMs);
  }
  throw new ZhongtaiError(
    'ZT-LOCAL-START',
    'fatal',
    `the stack in ${directory} did not come up; see ${directory}/logs/supervisor.log`,
  );
}

function stackOf(directory: string, state: StackState, stop: () => Promise<unknown>): Stack {
  const of = (name: PartName) => {
    const found = (readState(foldersOf(directory)) ?? state).parts.find((part) => part.name === name);
    if (found !== undefined) return found;
    throw new ZhongtaiError('ZT-LOCAL-PARTS', 'fatal', `${name} is not part of the stack in ${directory}`);
  };
  const address = (name: PartName) => state.parts.find((part) => part.name === name)?.address ?? '';
  return {
    endpoints: {
      kafka: address('kafka'),
      registry: address('registry'),
      postgres: address('postgres'),
      clickhouse: address('clickhouse'),
    },
    pid: (name) => of(name).pid,
    async kill(name, signalName) {
      const { pid, birth } = of(name);
      signal(pid, signalName);
      if (signalName === 'SIGKILL') await isGone(pid, birth, healthLimitMs);
    },
    healthy: (name) => waitForPart(name, of(name).port, healthLimitMs),
    async stop() {
      await stop();
    },
  };
}
