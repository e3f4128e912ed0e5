import type { Admin } from '@zhongtai/highway';
import { topics as catalogue } from '@zhongtai/schemas';
import type { Application, MovedInput, StateDirectory } from '@zhongtai/streams';
import { FactoryError } from '../errors.ts';

export interface ResetOptions {
  readonly admin: Pick<Admin, 'deleteGroup' | 'deleteTopics' | 'listTopics'>;
  readonly application: Application;
  /** A removed topology, to forget what it left; null: everything of the application. */
  readonly topology: string | null;
  /** This machine's copies. */
  readonly states: Pick<StateDirectory, 'reset'>;
  /** Takes a topology out of the positions; returns the partitions that knew it. */
  readonly forgetTopology: (topology: string) => Promise<number[]>;
}

/**
 * Forgets what an application keeps in the log and on this machine; returns the topics that are gone. The group goes
 * first: the broker refuses to delete one that has members, so a running application cannot be reset.
 *
 * @throws FactoryError ZT-FACTORY-RESET when the topology has not been removed from the application.
 */
export async function resetApplication(options: ResetOptions): Promise<string[]> {
  const { admin, application, topology, states } = options;
  if (topology !== null && application.topologies.some(({ name }) => name === topology)) {
    const message = `${topology} is still part of ${application.name}: remove it, or reset the whole application`;
    throw new FactoryError('ZT-FACTORY-RESET', message);
  }
  const prefix = topology === null ? `${application.name}.` : `${application.name}.${topology}.`;
  const found = await admin.listTopics();
  const own = found.filter((name) => name.startsWith(prefix) && catalogue[name] === undefined).sort();
  if (found.includes(`${application.name}.position`)) {
    await admin.deleteGroup(application.name);
    // Else the topology would go on in the middle of its inputs, with empty stores, should it come back.
    if (topology !== null) await options.forgetTopology(topology);
  }
  if (own.length > 0) await admin.deleteTopics(own);
  // Copies are per task, with all topologies in one: they are found again in what is left of the log.
  states.reset();
  return own;
}

export interface MoveOptions {
  readonly admin: Pick<Admin, 'deleteGroup'>;
  readonly application: Pick<Application, 'name'>;
  readonly input: string;
  readonly from: string | null;
  readonly moveInput: (topic: string, to: 'earliest' | 'latest') => Promise<MovedInput[]>;
}

/**
 * Lets an application go on at the beginning of what one of its inputs holds, or behind its end. As with a reset the
 * group goes first, which a running application refuses.
 *
 * @throws FactoryError ZT-FACTORY-RESET when it is not said from where.
 */
export async function moveApplication(options: MoveOptions): Promise<MovedInput[]> {
  const { admin, application, input, from, moveInput } = options;
  if (from !== 'earliest' && from !== 'latest') {
    const message = `INPUT=${input} needs FROM=earliest or FROM=latest: where ${application.name} is to go on in it`;
    throw new FactoryError('ZT-FACTORY-RESET', message);
  }
  await admin.deleteGroup(application.name);
  return await moveInput(input, from);
}

/** What the operator asks for. */
export interface Wish {
  readonly topology: string | null;
  readonly input: string | null;
  readonly from: string | null;
}

/** @throws FactoryError ZT-FACTORY-RESET: a wish that is half said must not become a reset of everything. */
export function parseWish(env: Readonly<Record<string, string | undefined>>): Wish {
  const { TOPOLOGY: topology = null, INPUT: input = null, FROM: from = null } = env;
  const isClear = [topology, input, from].every((each) => each !== '');
  if (isClear && (topology === null || input === null) && (from === null || input !== null))
    return { topology, input, from };
  const message =
    'give TOPOLOGY, or INPUT with FROM=earliest or latest, or none of them to forget everything';
  throw new FactoryError('ZT-FACTORY-RESET', message);
}
