import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { localError, parseLocalCode } from './errors.ts';
import { findNode } from './machine.ts';
import type { Assignment, Report, Request, ServiceOrder } from './messages.ts';
import { foldersOf } from './part.ts';
import { partMark, supervisorMark } from './processes.ts';

const program = fileURLToPath(new URL('./supervisor-main.ts', import.meta.url));

/** The channel to a supervisor that this process started. */
export interface Leash {
  /** Hands over one more process; rejects when it does not come up. */
  supervise(service: ServiceOrder): Promise<void>;
}

/**
 * Starts a supervisor and waits until its parts are up; undefined when another supervisor was quicker.
 * The channel between the two is a leash: when this process ends, in whatever way, the parts end. `detached`
 * cuts it as soon as they are up.
 */
export async function launch(
  assignment: Assignment,
  log: (line: string) => void,
  detached: boolean,
): Promise<Leash | undefined> {
  const child = spawnSupervisor(assignment);
  child.on('message', (message: Report) => {
    if (message.kind === 'log') log(message.line);
    else if (message.kind === 'ready' && detached) tell(child, { kind: 'stay' });
  });
  const outcome = await reported(child, ({ kind }) => kind !== 'log' && !(kind === 'ready' && detached));
  if (outcome.kind === 'failed') {
    throw localError(parseLocalCode(outcome.code), outcome.message);
  }
  if (detached && child.connected) child.disconnect();
  // The starter's own work decides how long it lives, not its supervisor.
  child.channel?.unref();
  child.unref();
  return outcome.kind === 'busy' ? undefined : { supervise: (service) => supervise(child, service) };
}

async function supervise(child: ChildProcess, service: ServiceOrder): Promise<void> {
  if (!child.connected) {
    throw localError('ZT-LOCAL-SUPERVISOR', 'the supervisor of this stack is gone');
  }
  // While it is awaited, the channel has to keep this process alive.
  child.channel?.ref();
  const answer = reported(child, (message) => message.kind === 'supervised' && message.name === service.name);
  tell(child, { kind: 'supervise', service });
  const { kind, ...rest } = await answer.finally(() => child.channel?.unref());
  const problem = kind === 'supervised' && 'problem' in rest ? rest.problem : undefined;
  if (kind === 'supervised' && problem === undefined) return;
  const reason = problem ?? ('message' in rest ? rest.message : kind);
  throw localError('ZT-LOCAL-START', `${service.name} does not start: ${reason}`);
}

/** The first report that is wanted, or that the supervisor ended. */
function reported(child: ChildProcess, wanted: (message: Report) => boolean): Promise<Report> {
  return new Promise((resolve, reject) => {
    const done = (report: Report): void => {
      child.off('message', onMessage).off('error', reject).off('exit', onExit);
      resolve(report);
    };
    const onMessage = (message: Report): void => {
      if (wanted(message)) done(message);
    };
    const onExit = (code: number | null, signal: string | null): void =>
      done({ kind: 'failed', code: 'ZT-LOCAL-START', message: `supervisor ended (${signal ?? code})` });
    child.on('message', onMessage).once('error', reject).once('exit', onExit);
  });
}

function tell(child: ChildProcess, request: Request): void {
  child.send(request);
}

function spawnSupervisor(assignment: Assignment): ChildProcess {
  const { logs, run } = foldersOf(assignment.directory, assignment.run);
  mkdirSync(logs, { recursive: true });
  const output = openSync(`${logs}/supervisor.log`, 'a');
  try {
    // A session of its own: Ctrl-C in a terminal reaches the starter only, which then decides.
    return spawn(findNode(), ['--disable-warning=ExperimentalWarning', program, JSON.stringify(assignment)], {
      detached: true,
      cwd: '/',
      env: { ...process.env, NODE_OPTIONS: '', [supervisorMark]: run, [partMark]: '' },
      stdio: ['ignore', output, output, 'ipc'],
    });
  } finally {
    closeSync(output);
  }
}
