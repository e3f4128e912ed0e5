import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHighway } from '@zhongtai/highway';
import { startStack } from '@zhongtai/local';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { createWarehouse } from '@zhongtai/warehouse';
import { preload } from './sink-preload.ts';
import { insertRaw } from './sink-raw.ts';
import { createRecords } from './sink-records.ts';
import { type RunFigures, runSink } from './sink-run.ts';

/** Topic to table with the real sink beside the same rows inserted raw. Usage: RECORDS=600000 make bench-sink */
const goalRowsPerSecond = 40_000;
const records = Number(process.env['RECORDS'] ?? 600_000);
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function print(name: string, { rows, seconds, cpu }: RunFigures): void {
  const perMillion = (used: number): string => ((used / rows) * 1_000_000).toFixed(1);
  say(
    `${name.padEnd(16)} ${Math.round(rows / seconds)
      .toLocaleString('en')
      .padStart(9)} rows/s  ${seconds.toFixed(1).padStart(6)} s   CPU s/million: ${Object.entries(cpu)
      .map(([part, used]) => `${part} ${perMillion(used)}`)
      .join(', ')}`,
  );
}

async function run(): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'zhongtai-bench-sink-'));
  const stack = await startStack({
    directory,
    parts: ['kafka', 'registry', 'clickhouse'],
    ports: 'free',
    log: say,
  });
  const { kafka, registry, clickhouse } = stack.endpoints;
  const registryUrl = `${registry}/apis/ccompat/v7`;
  const highway = createHighway({
    brokers: [kafka],
    registryUrl,
    clientId: 'bench-sink',
    partitions: 4,
    logger: createLogger({ name: 'bench-sink', level: 'error' }),
    metrics: createMetrics(),
  });
  const warehouse = createWarehouse({
    url: clickhouse,
    user: 'default',
    password: '',
    application: 'bench-sink',
  });
  try {
    const source = createRecords(highway);
    await highway.codec.prepare(source.topics);
    await highway.admin.ensureTopics(source.topics);
    const loaded = await preload(highway, source, records);
    say(
      `preloaded ${records.toLocaleString('en')} records, ${loaded.lines.toLocaleString('en')} order lines,`,
    );
    say(
      `  ${Math.round(loaded.avroBytes / 1e6)} MB of Avro, ${Math.round(loaded.rowBytes / 1e6)} MB of RowBinary`,
    );
    const sink = await runSink({ stack, warehouse, kafka, registryUrl, clickhouse, rows: records });
    print('topic to table', sink);
    const raw = await insertRaw(stack, warehouse, loaded.inserts);
    print('raw inserts', raw);
    return report(sink, raw, loaded.lines);
  } finally {
    await highway.close();
    await warehouse.close();
    await stack.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

function report(sink: RunFigures, raw: RunFigures, lines: number): boolean {
  const rowsPerSecond = Math.round(sink.rows / sink.seconds);
  const rawRowsPerSecond = Math.round(raw.rows / raw.seconds);
  const holds = rowsPerSecond >= goalRowsPerSecond && sink.doubled === 0;
  const cpuSecondsPerMillion = Object.fromEntries(
    Object.entries(sink.cpu).map(([part, used]) => [part, Number(((used / sink.rows) * 1e6).toFixed(2))]),
  );
  say(
    JSON.stringify({
      bench: 'sink',
      holds,
      rows: sink.rows,
      lines,
      doubled: sink.doubled,
      rowsPerSecond,
      goalRowsPerSecond,
      rawRowsPerSecond,
      ratio: Number((rowsPerSecond / rawRowsPerSecond).toFixed(2)),
      cpuSecondsPerMillion,
      idlePercentOfCore: Number((sink.idleShare * 100).toFixed(2)),
    }),
  );
  return holds;
}

process.exitCode = (await run()) ? 0 : 1;
