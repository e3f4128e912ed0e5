import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { checkPart } from './health.ts';
import type { Part, StackFolders } from './part.ts';
import { host } from './ports.ts';
import { withoutCapabilities } from './unprivileged.ts';

const front = fileURLToPath(new URL('./clickhouse-front/main.ts', import.meta.url));

/** The ClickHouse engine in a process of its own, behind an HTTP front. */
export function clickhousePart(folders: StackFolders, node: string, port: number): Part {
  const address = `http://${host}:${port}`;
  const directory = `${folders.data}/clickhouse`;
  const run = [...withoutCapabilities(), node, '--disable-warning=ExperimentalWarning', front];
  return {
    name: 'clickhouse',
    needs: [],
    address,
    port,
    command: run[0] ?? node,
    args: run.slice(1),
    env: {
      CLICKHOUSE_FRONT_DIRECTORY: directory,
      CLICKHOUSE_FRONT_PORT: String(port),
      CLICKHOUSE_FRONT_HOST: host,
    },
    stopSignal: 'SIGTERM',
    stopGraceMs: 15_000,
    startLimitMs: 60_000,
    prepare: async () => {
      await mkdir(directory, { recursive: true });
    },
    check: () => checkPart('clickhouse', port),
  };
}
