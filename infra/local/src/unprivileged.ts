import { execFile, execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { localError } from './errors.ts';

const run = promisify(execFile);
const namespace = ['unshare', '--user', '--map-user=65534', '--map-group=65534', '--'];

/** How to start a program that refuses to run as root, and who owns its files. */
export interface Account {
  readonly prefix: readonly string[];
  readonly ids: { readonly uid?: number; readonly gid?: number };
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * An ordinary user stays who he is. Root becomes nobody: by a user namespace where the system has them, since
 * there the files stay root's and every directory stays reachable; otherwise by changing the user, for which
 * the directory and node_modules must be readable to all.
 */
export function unprivileged(): Account {
  if (userInfo().uid !== 0) return { prefix: [], ids: {} };
  const prefix = withoutCapabilities();
  if (prefix.length > 0) return { prefix, ids: {}, owner: { uid: 0, gid: 0 } };
  for (const user of ['postgres', 'nobody']) {
    const uid = number('-u', user);
    const gid = number('-g', user);
    if (uid !== undefined && gid !== undefined) return { prefix: [], ids: { uid, gid }, owner: { uid, gid } };
  }
  throw localError(
    'ZT-LOCAL-ROOT',
    'PostgreSQL does not run as root, and there is no user postgres or nobody. Make one: useradd postgres',
  );
}

/**
 * What to write before a command so that root's capabilities are left behind. The process keeps its number and stays
 * the owner of root's files. Nothing for an ordinary user, and where the system has no user namespaces.
 */
export function withoutCapabilities(): readonly string[] {
  if (userInfo().uid !== 0) return [];
  return works([...namespace, 'true']) ? namespace : [];
}

/** Gives the directory to the account (back, if an earlier run used another way). */
export async function adopt(directory: string, { owner }: Account): Promise<void> {
  if (owner !== undefined) await run('chown', ['-R', `${owner.uid}:${owner.gid}`, directory]);
}

function works([command, ...args]: readonly string[]): boolean {
  try {
    execFileSync(command ?? '', args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function number(flag: string, user: string): number | undefined {
  try {
    return Number(
      execFileSync('id', [flag, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  } catch {
    return undefined;
  }
}
