import { rm } from 'node:fs/promises';
import { messageOf } from '@zhongtai/runtime/errors';
import { writeEndpoints } from './endpoints.ts';
import { codeOf, withLock } from './files.ts';
import type { Assignment, Report, Request } from './messages.ts';
import { foldersOf, type Part } from './part.ts';
import { planParts } from './plan.ts';
import { servicePart } from './service.ts';
import { isSupervised, readState } from './state.ts';
import { Supervisor } from './supervisor.ts';

/**
 * The process that owns the parts. It ends them and itself on SIGTERM, and as soon as the channel to its
 * starter closes, so that a starter killed with -9 leaves nothing; unless the starter said `stay` before.
 */
const assignment: Assignment = JSON.parse(process.argv[2] ?? '{}');
const folders = foldersOf(assignment.directory, assignment.run);
const lockLimitMs = 30_000;

function report(message: Report): void {
  if (process.connected) process.send?.(message, undefined, {}, () => {});
}

function log(line: string): void {
  console.log(`${new Date().toISOString()} ${line}`);
  report({ kind: 'log', line });
}

const supervisor = new Supervisor(folders, log);
const giveUp = new AbortController();
let planning: Promise<readonly Part[]> = Promise.resolve([]);
let stopping: Promise<void> | undefined;

async function stop(exitCode: number): Promise<void> {
  giveUp.abort();
  // What is fetched or practised at this moment are processes too.
  stopping ??= planning
    .then(
      () => supervisor.stop(),
      () => supervisor.stop(),
    )
    .then(() => writeEndpoints(folders.directory, nobody()))
    .then(() => log('stopped'));
  await stopping;
  // Notes of services beside a stack are of use to nobody once they have ended.
  if (assignment.run !== undefined) await rm(folders.run, { recursive: true, force: true });
  process.exit(exitCode);
}

function nobody(): Record<string, null> {
  return Object.fromEntries(assignment.parts.map((name) => [name, null]));
}

let staying = false;

async function answer(request: Request): Promise<void> {
  if (request.kind === 'stay') {
    staying = true;
    return report({ kind: 'staying' });
  }
  const { service } = request;
  const problem = await supervisor.add(servicePart(service), service.logFile).then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
  report({ kind: 'supervised', name: service.name, ...(problem === undefined ? {} : { problem }) });
}

process.on('SIGTERM', () => void stop(0));
// Meant for the terminal's foreground group; the starter decides what becomes of the stack.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
process.on('message', (request: Request) => void answer(request));
process.on('disconnect', () => {
  if (!staying) void stop(0);
});

/** Only one supervisor may have a directory; the second one leaves. */
async function take(): Promise<boolean> {
  return withLock(`${folders.run}/supervisor`, lockLimitMs, async () => {
    const earlier = readState(folders);
    if (earlier !== undefined && isSupervised(earlier)) return false;
    await supervisor.clearLeftovers();
    await supervisor.announce();
    return true;
  });
}

async function work(): Promise<void> {
  if (!(await take())) {
    report({ kind: 'busy' });
    process.exit(0);
  }
  const { parts: names, ports } = assignment;
  planning = planParts({ folders, parts: names, ports, log, signal: giveUp.signal });
  const parts = await planning;
  if (stopping !== undefined) return;
  await supervisor.start(parts);
  await writeEndpoints(
    folders.directory,
    Object.fromEntries(parts.map(({ name, address }) => [name, address])),
  );
  report({ kind: 'ready' });
}

work().catch(async (error: unknown) => {
  log(messageOf(error));
  const code = codeOf(error) ?? '';
  report({
    kind: 'failed',
    code: code.startsWith('ZT-') ? code : 'ZT-LOCAL-START',
    message: messageOf(error),
  });
  await stop(1);
});
