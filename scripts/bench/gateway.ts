import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createKey, grants } from '@zhongtai/api-gateway';
import { createHighway } from '@zhongtai/highway';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { listenerOf } from './gateway-machine.ts';
import { producerPerformance } from './gateway-producer.ts';
import { type RunFigures, type RunOptions, runLoad } from './gateway-run.ts';
import { benchStack } from './gateway-stack.ts';

const GOAL_BATCH_EVENTS_PER_SECOND = 30_000;
const GOAL_SINGLE_TO_BARE = 0.3;
/** Senders of single events at one time, the same number for the gateway and for the bare server. */
const SINGLE_CONNECTIONS = Number(process.env['CONNECTIONS'] ?? 256);
const PRODUCER_TOPIC = 'bench.producer';
const root = fileURLToPath(new URL('../../', import.meta.url));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function untilAnswers(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`${url}: the process ended with ${child.exitCode}`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer !== undefined && answer.status !== 503) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} does not answer`);
}

function start(path: string, env: Record<string, string>, flags: readonly string[] = []): ChildProcess {
  return spawn(process.execPath, [...flags, join(root, path)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await ended;
}

function print(figures: readonly RunFigures[]): void {
  const head = [
    '',
    'events/s',
    'p50 ms',
    'p99 ms',
    'refused',
    'CPU-s per million: server',
    'broker',
    'generator',
  ];
  const rows = figures.map((f) => [
    f.name,
    Math.round(f.eventsPerSecond).toLocaleString('en'),
    f.p50Ms.toFixed(1),
    f.p99Ms.toFixed(1),
    String(f.refused),
    f.cpuPerMillion.server.toFixed(1),
    f.cpuPerMillion.broker.toFixed(1),
    f.cpuPerMillion.generator.toFixed(1),
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of [head, ...rows]) {
    console.log(
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  '),
    );
  }
}

const stack = await benchStack();
const folder = await mkdtemp(join(tmpdir(), 'bench-gateway-'));
const children: ChildProcess[] = [];
try {
  const { clearKey, stored } = createKey('bench', [...grants], new Date());
  await writeFile(join(folder, 'keys.json'), JSON.stringify({ keys: [stored] }));
  const brokerPid = await listenerOf(Number(stack.kafka.split(':').at(-1)));
  if (brokerPid === undefined) throw new Error(`no process of this machine listens at ${stack.kafka}`);
  const [port, barePort] = [await freePort(), await freePort()];
  const gateway = start(
    'services/api-gateway/src/main.ts',
    {
      PORT: String(port),
      KAFKA_BROKERS: stack.kafka,
      SCHEMA_REGISTRY_URL: stack.registry,
      API_KEYS_FILE: join(folder, 'keys.json'),
      TOKEN_SECRET: randomBytes(32).toString('hex'),
      VAULT_KEY: randomBytes(32).toString('hex'),
    },
    process.env['PROFILE'] === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${process.env['PROFILE']}`],
  );
  children.push(gateway);
  await untilAnswers(`http://127.0.0.1:${port}/ready`, gateway);
  const bare = start('scripts/bench/gateway-bare.ts', { PORT: String(barePort) });
  children.push(bare);
  await untilAnswers(`http://127.0.0.1:${barePort}/`, bare);
  const common = { key: clearKey, brokerPid, warmMs: 3000, measureMs: 10_000 };
  const toGateway = { ...common, port, serverPid: gateway.pid ?? 0 } satisfies Partial<RunOptions>;
  const batches = await runLoad({
    ...toGateway,
    name: 'gateway, batches of 500',
    batch: 500,
    connections: 4,
  });
  const singles = await runLoad({
    ...toGateway,
    name: 'gateway, single events',
    batch: 1,
    connections: SINGLE_CONNECTIONS,
  });
  const bareRun = await runLoad({
    ...common,
    name: 'bare node:http server',
    port: barePort,
    serverPid: bare.pid ?? 0,
    batch: 1,
    connections: SINGLE_CONNECTIONS,
    warmMs: 1000,
    measureMs: 5000,
  });
  await stop(gateway);
  const recordBytes = 350;
  const highway = createHighway({
    brokers: [stack.kafka],
    registryUrl: stack.registry,
    clientId: 'bench',
    partitions: 4,
    logger: createLogger({ name: 'bench', level: 'warn' }),
    metrics: createMetrics(),
  });
  await highway.admin.ensureTopics([
    { name: PRODUCER_TOPIC, records: [], partitions: 'P', retentionMs: 3_600_000 },
  ]);
  const cache = join(root, 'node_modules/.cache/zhongtai');
  await mkdir(cache, { recursive: true });
  const producer = await producerPerformance({
    jars: stack.jars,
    cache,
    broker: stack.kafka,
    topic: PRODUCER_TOPIC,
    records: 1_000_000,
    recordBytes,
  });
  await highway.close();

  print([batches, singles, bareRun]);
  const ratio = singles.eventsPerSecond / bareRun.eventsPerSecond;
  console.log(
    `\nKafka's ProducerPerformance, ${recordBytes} bytes a record: ${Math.round(producer.recordsPerSecond).toLocaleString('en')} records/s`,
  );
  console.log(
    `gateway in batches / producer: ${(batches.eventsPerSecond / producer.recordsPerSecond).toFixed(2)}`,
  );
  console.log(`single events / bare server: ${ratio.toFixed(2)}`);
  const ok =
    batches.eventsPerSecond >= GOAL_BATCH_EVENTS_PER_SECOND &&
    ratio >= GOAL_SINGLE_TO_BARE &&
    batches.refused + singles.refused === 0;
  console.log(
    JSON.stringify({ bench: 'gateway', ok, batches, singles, bare: bareRun, producer, recordBytes, ratio }),
  );
  process.exitCode = ok ? 0 : 1;
} finally {
  await Promise.all(children.map(stop));
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
}
