import type { Admin } from '@zhongtai/highway';
import { topics as catalogue } from '@zhongtai/schemas';
import type { Application, StateDirectory } from '@zhongtai/streams';
import { FactoryError } from '../errors.ts';

export interface ResetOptions {
  readonly admin: Pick<Admin, 'deleteGroup' | 'deleteTopics' | 'listTopics'>;
  readonly application: Application;
  /** A removed topology, to forget what it left; null: everything of the application. */
  readonly topology: string | null;
  /** This machine's copies. */
  readonly states: Pick<StateDirectory, 'reset'>;
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
  if (topology === null && found.includes(`${application.name}.position`)) {
    await admin.deleteGroup(application.name);
  }
  if (own.length > 0) await admin.deleteTopics(own);
  // Copies are per task, with all topologies in one: they are found again in what is left of the log.
  states.reset();
  return own;
}
