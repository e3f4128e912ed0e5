import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** The ClickHouse front in a process of its own, for tests that look at it from outside. */
const main = new URL('../../infra/local/src/clickhouse-front/main.ts', import.meta.url).pathname;

export interface Front {
  readonly child: ChildProcess;
  readonly url: string;
  readonly output: () => string;
}

export async function startFront(directory: string, env: Record<string, string> = {}): Promise<Front> {
  const child = spawn(process.execPath, [main], {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      CLICKHOUSE_FRONT_DIRECTORY: directory,
      CLICKHOUSE_FRONT_PORT: '0',
      CLICKHOUSE_FRONT_ANALYST_PASSWORD: 'reader',
      CLICKHOUSE_FRONT_ANALYST_SECONDS: '3',
      CLICKHOUSE_FRONT_MAX_BODY_MIB: '16',
      CLICKHOUSE_FRONT_ANALYST_MEMORY_MIB: '100',
      CLICKHOUSE_FRONT_ANALYST_RESULT_ROWS: '1000',
      CLICKHOUSE_FRONT_ANALYST_READ_ROWS: '1000000000000',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text) => {
      output += text;
    });
  for (;;) {
    const port = /"port":(\d+)[^\n]*"msg":"listening"/.exec(output)?.[1];
    if (port) return { child, url: `http://127.0.0.1:${port}`, output: () => output };
    if (child.exitCode !== null) throw new Error(`front ended with ${child.exitCode}: ${output}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function stopFront(
  front: Front | undefined,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<number | null> {
  if (!front || front.child.exitCode !== null) return front?.child.exitCode ?? null;
  front.child.kill(signal);
  await once(front.child, 'exit');
  return front.child.exitCode;
}

/** What an analyst asks with; the limits above are small, so that a test reaches them. */
export const asAnalyst = { user: 'analyst', password: 'reader' };
