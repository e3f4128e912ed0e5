import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHighway, type Highway } from '@zhongtai/highway';
import { choosePorts, type Stack, startStack } from '@zhongtai/local';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { createWarehouse, type Warehouse } from '@zhongtai/warehouse';
import { createRecords, type RecordSource } from '../../scripts/bench/sink-records.ts';

export const groupId = 'warehouse-sink';
const main = join(import.meta.dirname, '../../services/warehouse-sink/src/main.ts');

/** Real Kafka, registry and ClickHouse in a folder of their own, and the sink as a process beside them. */
export interface SinkStage {
  readonly stack: Stack;
  readonly directory: string;
  readonly highway: Highway;
  readonly warehouse: Warehouse;
  readonly records: RecordSource;
  startSink(): Promise<void>;
  /** Kills the sink with -9, or asks it to stop with SIGTERM. */
  endSink(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
  metric(name: string): Promise<number>;
  /** What keeps the sink from being ready; none when it is. */
  reasons(): Promise<string[]>;
  close(): Promise<void>;
}

export async function openStage(): Promise<SinkStage> {
  const directory = await mkdtemp(join(tmpdir(), 'zhongtai-sink-'));
  const stack = await startStack({ directory, parts: ['kafka', 'registry', 'clickhouse'], ports: 'free' });
  const { kafka, registry, clickhouse } = stack.endpoints;
  const registryUrl = `${registry}/apis/ccompat/v7`;
  const highway = createHighway({
    brokers: [kafka],
    registryUrl,
    clientId: 'sink-test',
    partitions: 4,
    logger: createLogger({ name: 'sink-test', level: 'error' }),
    metrics: createMetrics(),
  });
  const warehouse = createWarehouse({
    url: clickhouse,
    user: 'default',
    password: '',
    application: 'sink-test',
  });
  const records = createRecords(highway);
  await highway.codec.prepare(records.topics);
  const port = (await choosePorts({ sink: 'free' })).get('sink') ?? 0;
  const log = await open(join(directory, 'sink.log'), 'a');
  let sink: ChildProcess | null = null;

  async function reasons(): Promise<string[]> {
    const response = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => undefined);
    if (response === undefined) return ['does not listen'];
    const said: { reasons?: unknown } = JSON.parse(await response.text());
    return Array.isArray(said.reasons) ? said.reasons.map(String) : [`status ${response.status}`];
  }

  async function endSink(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const ending = sink;
    sink = null;
    if (ending === null || ending.exitCode !== null) return ending?.exitCode ?? null;
    const exit = once(ending, 'exit');
    ending.kill(signal);
    await exit;
    return ending.exitCode;
  }

  return {
    stack,
    directory,
    highway,
    warehouse,
    records,
    reasons,
    endSink,
    async startSink() {
      sink = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
        env: {
          PATH: process.env['PATH'] ?? '',
          KAFKA_BROKERS: kafka,
          SCHEMA_REGISTRY_URL: registryUrl,
          CLICKHOUSE_URL: clickhouse,
          GROUP_ID: groupId,
          PORT: String(port),
          // Short, so that the group notices a killed member soon.
          SESSION_TIMEOUT_MS: '6000',
          CUT_ROWS: '4000',
        },
        stdio: ['ignore', log.fd, log.fd],
      });
    },
    async metric(name) {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return text
        .split('\n')
        .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    },
    async close() {
      await endSink('SIGKILL');
      await highway.close();
      await warehouse.close();
      await stack.stop();
      await log.close();
      if (process.env['KEEP'] === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Waits until `holds`; fails with what was expected after `withinMs`. */
export async function eventually(
  what: string,
  holds: () => Promise<boolean>,
  withinMs = 30_000,
): Promise<void> {
  const until = Date.now() + withinMs;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > until) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
