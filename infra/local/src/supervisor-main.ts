import { messageOf } from '@zhongtai/runtime';
import { writeEndpoints } from './endpoints.ts';
import { codeOf, withLock } from './files.ts';
import { type Assignment, type Report, stay } from './messages.ts';
import { foldersOf } from './part.ts';
import { planParts } from './plan.ts';
import { isSupervised, readState } from './state.ts';
import { Supervisor } from './supervisor.ts';

/**
 * The process that owns the parts. It ends them and itself on SIGTERM, and as soon as the channel to its
 * starter closes, so that a starter killed with -9 leaves nothing; unless the starter said `stay` before.
 */
const assignment: Assignment = JSON.parse(process.argv[2] ?? '{}');
const folders = foldersOf(assignment.directory);
const lockLimitMs = 30_000;

function report(message: Report): void {
  if (process.connected) process.send?.(message, undefined, {}, () => {});
}

function log(line: string): void {
  console.log(`${new Date().toISOString()} ${line}`);
  report({ kind: 'log', line });
}

const supervisor = new Supervisor(folders, log);
let stopping: Promise<void> | undefined;

async function stop(exitCode: number): Promise<void> {
  stopping ??= supervisor
    .stop()
    .then(() => writeEndpoints(folders.directory, nobody()))
    .then(() => log('stopped'));
  await stopping;
  process.exit(exitCode);
}

function nobody(): Record<string, null> {
  return Object.fromEntries(assignment.parts.map((name) => [name, null]));
}

process.on('SIGTERM', () => void stop(0));
// Meant for the terminal's foreground group; the starter decides what becomes of the stack.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
let staying = false;
process.on('message', (message) => {
  if (message !== stay) return;
  staying = true;
  report({ kind: 'staying' });
});
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

try {
  if (!(await take())) {
    report({ kind: 'busy' });
    process.exit(0);
  }
  const parts = await planParts({ folders, parts: assignment.parts, ports: assignment.ports, log });
  await supervisor.start(parts);
  await writeEndpoints(
    folders.directory,
    Object.fromEntries(parts.map(({ name, address }) => [name, address])),
  );
  report({ kind: 'ready' });
} catch (error) {
  log(messageOf(error));
  report({ kind: 'failed', code: codeOf(error) ?? 'ZT-LOCAL-START', message: messageOf(error) });
  await stop(1);
}
