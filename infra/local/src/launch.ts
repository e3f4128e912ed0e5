import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ZhongtaiError } from '@zhongtai/runtime';
import { findNode } from './machine.ts';
import { type Assignment, type Report, stay } from './messages.ts';
import { foldersOf } from './part.ts';

const program = fileURLToPath(new URL('./supervisor-main.ts', import.meta.url));

/**
 * Starts a supervisor and waits until its parts are up. False when another supervisor was quicker. Without
 * `detached` the channel between the two is the leash: when this process ends, in whatever way, the parts end.
 */
export async function launch(
  assignment: Assignment,
  log: (line: string) => void,
  detached: boolean,
): Promise<boolean> {
  const child = spawnSupervisor(assignment);
  const outcome = await new Promise<Report>((resolve, reject) => {
    child.on('message', (message: Report) => {
      if (message.kind === 'log') log(message.line);
      else if (message.kind === 'ready' && detached) child.send(stay);
      else resolve(message);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      resolve({ kind: 'failed', code: 'ZT-LOCAL-START', message: `supervisor ended (${signal ?? code})` }),
    );
  });
  if (outcome.kind === 'failed') {
    throw new ZhongtaiError(`ZT-${outcome.code.replace(/^ZT-/, '')}`, 'fatal', outcome.message);
  }
  if (detached && child.connected) child.disconnect();
  // The starter's own work decides how long it lives, not its supervisor.
  child.channel?.unref();
  child.unref();
  return outcome.kind !== 'busy';
}

function spawnSupervisor(assignment: Assignment): ChildProcess {
  const { logs } = foldersOf(assignment.directory);
  mkdirSync(logs, { recursive: true });
  const output = openSync(`${logs}/supervisor.log`, 'a');
  try {
    // A session of its own: Ctrl-C in a terminal reaches the starter only, which then decides.
    return spawn(findNode(), ['--disable-warning=ExperimentalWarning', program, JSON.stringify(assignment)], {
      detached: true,
      cwd: '/',
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', output, output, 'ipc'],
    });
  } finally {
    closeSync(output);
  }
}
