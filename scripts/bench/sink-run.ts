import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { choosePorts, type Stack, usageOf } from '@zhongtai/local';
import type { Warehouse } from '@zhongtai/warehouse';

export interface RunFigures {
  readonly rows: number;
  readonly seconds: number;
  /** CPU seconds by process. */
  readonly cpu: Readonly<Record<string, number>>;
  /** Rows beyond one for a record. */
  readonly doubled: number;
  /** What the sink uses of a core when there is nothing to do. */
  readonly idleShare: number;
}

export interface SinkRun {
  readonly stack: Stack;
  readonly warehouse: Warehouse;
  readonly kafka: string;
  readonly registryUrl: string;
  readonly clickhouse: string;
  readonly rows: number;
}

const main = join(import.meta.dirname, '../../services/warehouse-sink/src/main.ts');
const limitMs = 180_000;

/** CPU seconds that processes have used so far. */
export function cpuOf(pids: Readonly<Record<string, number>>): Record<string, number> {
  const used: Record<string, number> = {};
  for (const [name, pid] of Object.entries(pids)) used[name] = usageOf(pid).cpuSeconds;
  return used;
}

export function since(before: Readonly<Record<string, number>>, now: Readonly<Record<string, number>>) {
  return Object.fromEntries(Object.entries(now).map(([name, used]) => [name, used - (before[name] ?? 0)]));
}

interface Stored {
  readonly stored: number;
}

async function rowsStored(warehouse: Warehouse): Promise<number> {
  const rows = await warehouse.query<Stored>(
    "SELECT toUInt32(sum(total_rows)) AS stored FROM system.tables WHERE database = 'highway'",
  );
  return Number(rows[0]?.stored ?? 0);
}

/** Records with more than one row, over the whole run. */
async function doubles(warehouse: Warehouse): Promise<number> {
  let doubled = 0;
  for (const table of ['pos_sale', 'message_sent']) {
    const [row] = await warehouse.query<{ n: number }>(
      `SELECT toInt32(count() - uniqExact(kafka_partition, kafka_offset)) AS n FROM highway.${table}`,
    );
    doubled += row?.n ?? 0;
  }
  return doubled;
}

/** Runs the real sink as a process until all rows are visible. The clock begins when it owns its partitions. */
export async function runSink(options: SinkRun): Promise<RunFigures> {
  const { stack, warehouse, kafka, registryUrl, clickhouse, rows } = options;
  const port = (await choosePorts({ sink: 'free' })).get('sink');
  const sink = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
    env: {
      PATH: process.env['PATH'] ?? '',
      KAFKA_BROKERS: kafka,
      SCHEMA_REGISTRY_URL: registryUrl,
      CLICKHOUSE_URL: clickhouse,
      PORT: String(port),
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  try {
    await until(async () => (await fetch(`http://127.0.0.1:${port}/ready`)).status === 200, 20);
    const pids = { sink: sink.pid ?? 0, clickhouse: stack.pid('clickhouse'), kafka: stack.pid('kafka') };
    const before = cpuOf(pids);
    const started = performance.now();
    await until(async () => (await rowsStored(warehouse)) >= rows, 100);
    const seconds = (performance.now() - started) / 1000;
    const cpu = since(before, cpuOf(pids));
    return {
      rows,
      seconds,
      cpu,
      doubled: await doubles(warehouse),
      idleShare: await idleShare(sink.pid ?? 0),
    };
  } finally {
    sink.kill('SIGTERM');
    await once(sink, 'exit');
  }
}

const idleMs = 8000;

async function idleShare(pid: number): Promise<number> {
  await sleep(2000);
  const before = usageOf(pid).cpuSeconds;
  await sleep(idleMs);
  return (usageOf(pid).cpuSeconds - before) / (idleMs / 1000);
}

async function until(holds: () => Promise<boolean>, everyMs: number): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > end) throw new Error(`not done within ${limitMs / 1000} s`);
    await sleep(everyMs);
  }
}
