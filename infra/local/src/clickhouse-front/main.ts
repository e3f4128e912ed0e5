import { mkdirSync } from 'node:fs';
import { addProcessMetrics, createLogger, createMetrics, runUntilSignal } from '@zhongtai/runtime';
import { readConfig } from './config.ts';
import { createClickHouseFront } from './front.ts';

const config = readConfig(process.env);

// Every lane needs a thread of libuv's pool while its statement runs, and the size of the pool is read before
// our first line: so the process replaces itself once, keeping its id.
if (process.env['UV_THREADPOOL_SIZE'] === undefined) {
  const threads = String(config.lanes + 6);
  const args = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.execve?.(process.execPath, args, { ...process.env, UV_THREADPOOL_SIZE: threads });
}

mkdirSync(config.directory, { recursive: true });
const logger = createLogger({ name: 'clickhouse-front', level: config.logLevel });
const registry = createMetrics();
addProcessMetrics(registry);
const front = createClickHouseFront({
  config,
  logger,
  registry,
  onDeath: (error) => {
    logger.fatal({ err: error }, 'a lane died');
    process.exit(1);
  },
});
await runUntilSignal(front, logger);
