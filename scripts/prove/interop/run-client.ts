import { spawn } from 'node:child_process';

/** What a client process said, and how it ended. */
export interface ClientRun {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a client to its end; its output is small enough to hold. */
export function runClient(
  command: string,
  args: readonly string[],
  options: { input?: Buffer; cwd?: string; timeoutMs?: number } = {},
): Promise<ClientRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: options.cwd, timeout: options.timeoutMs ?? 120_000 });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() });
    });
    // A client that refuses early closes its input first; the exit code tells the story.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
  });
}

/** Like `runClient`, and a failure names the client and shows what it printed. */
export async function mustRun(command: string, args: readonly string[], cwd?: string): Promise<string> {
  const run = await runClient(command, args, cwd === undefined ? {} : { cwd, timeoutMs: 600_000 });
  if (run.code !== 0) {
    const said = `${run.stderr}\n${run.stdout.toString()}`.trim().slice(-2000);
    throw new Error(`${command} ${args.slice(0, 4).join(' ')} ended with ${run.code}: ${said}`);
  }
  return run.stdout.toString();
}
