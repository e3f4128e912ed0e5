/**
 * The gateway beside Kafka's own producer and a bare HTTP server, in one run on one broker. Prints a table and one
 * line of JSON; ends with 0 only when the goals hold. SECONDS= measures each run for longer or shorter.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHighway } from '@zhongtai/highway';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { renderTable } from '../demo/table.ts';
import { listenerOf } from './gateway-machine.ts';
import { type Payload, writePayload } from './gateway-payload.ts';
import { type ProducerFigures, producerPerformance } from './gateway-producer.ts';
import { type RunFigures, runLoad } from './gateway-run.ts';
import { readProfile, serveBare, serveGateway } from './gateway-servers.ts';
import { type BenchStack, benchStack } from './gateway-stack.ts';
import { type Stage, sharesByStage, stages } from './gateway-stages.ts';

const goalBatchEventsPerSecond = 30_000;
const goalSingleToBare = 0.3;
/** Senders of single events at one time, the same number for the gateway and for the bare server. */
const singleConnections = Number(process.env['CONNECTIONS'] ?? 256);
const measureMs = Number(process.env['SECONDS'] ?? 10) * 1000;
const warmMs = Math.min(3000, measureMs);
const batches = { batch: 500, connections: 4, warmMs, measureMs };
const singles = { batch: 1, connections: singleConnections, warmMs, measureMs };

interface StageFigures {
  readonly cpuPerMillion: readonly (readonly [Stage, number])[];
  /** Compression, encryption, collection of garbage: what the process does beside its main thread. */
  readonly otherThreads: number;
}

async function loadGateway(stack: BenchStack, folder: string, brokerPid: number): Promise<RunFigures[]> {
  const server = await serveGateway(stack, folder);
  try {
    return [
      await runLoad({ ...batches, name: 'gateway, batches of 500', server, brokerPid }),
      await runLoad({ ...singles, name: 'gateway, single events', server, brokerPid }),
    ];
  } finally {
    await server.stop();
  }
}

async function loadBare(brokerPid: number): Promise<RunFigures> {
  const server = await serveBare();
  try {
    return await runLoad({ ...singles, name: 'bare node:http server', server, brokerPid });
  } finally {
    await server.stop();
  }
}

/** A run of its own: the profiler slows the gateway down. */
async function profileGateway(stack: BenchStack, folder: string, brokerPid: number): Promise<StageFigures> {
  const profiles = join(folder, 'profile');
  await mkdir(profiles);
  const server = await serveGateway(stack, folder, profiles);
  let run: RunFigures;
  try {
    run = await runLoad({ ...batches, name: 'profile', server, brokerPid });
  } finally {
    await server.stop();
  }
  const shares = sharesByStage(await readProfile(profiles), run.stretch);
  const { server: process, mainThread } = run.cpuPerMillion;
  const cpuPerMillion = stages.map((stage) => [stage, shares[stage] * mainThread] as const);
  return { cpuPerMillion, otherThreads: process - mainThread };
}

async function runProducer(
  stack: BenchStack,
  folder: string,
): Promise<{ producer: ProducerFigures; payload: Payload }> {
  const highway = createHighway({
    brokers: [stack.kafka],
    registryUrl: stack.registry,
    clientId: 'bench',
    partitions: 4,
    logger: createLogger({ name: 'bench', level: 'warn' }),
    metrics: createMetrics(),
  });
  const topic = 'bench.producer';
  try {
    await highway.admin.ensureTopics([{ name: topic, records: [], partitions: 'P', retentionMs: 3_600_000 }]);
    const payloadFile = join(folder, 'payload.txt');
    const payload = await writePayload(highway, payloadFile);
    const records = 100 * measureMs;
    return {
      producer: await producerPerformance({ broker: stack.kafka, topic, records, payloadFile }),
      payload,
    };
  } finally {
    await highway.close();
  }
}

function print(runs: readonly RunFigures[], byStage: StageFigures): void {
  const count = (value: number): string => Math.round(value).toLocaleString('en');
  const rows = runs.map((run) => [
    run.name,
    count(run.eventsPerSecond),
    run.p50Ms.toFixed(1),
    run.p99Ms.toFixed(1),
    String(run.refused),
    run.cpuPerMillion.server.toFixed(1),
    run.cpuPerMillion.broker.toFixed(1),
    run.cpuPerMillion.generator.toFixed(1),
  ]);
  const head = ['', 'events/s', 'p50 ms', 'p99 ms', 'refused', 'server', 'broker', 'generator'];
  console.log('Columns on the right: CPU seconds per million events');
  console.log(renderTable([head, ...rows]));
  const cells = byStage.cpuPerMillion.map(([stage, seconds]) => [stage, seconds.toFixed(2)]);
  console.log('\nThe gateway by stage, in batches, under the profiler');
  console.log(
    renderTable([
      ['stage', 'CPU s per million'],
      ...cells,
      ['other threads', byStage.otherThreads.toFixed(2)],
    ]),
  );
}

async function bench(stack: BenchStack, folder: string): Promise<void> {
  const brokerPid = await listenerOf(Number(stack.kafka.split(':').at(-1)));
  if (brokerPid === undefined) throw new Error(`no process of this machine listens at ${stack.kafka}`);
  const [inBatches, single] = await loadGateway(stack, folder, brokerPid);
  if (inBatches === undefined || single === undefined) throw new Error('a run is missing');
  const bare = await loadBare(brokerPid);
  const byStage = await profileGateway(stack, folder, brokerPid);
  const { producer, payload } = await runProducer(stack, folder);
  print([inBatches, single, bare], byStage);
  const batchesToProducer = inBatches.eventsPerSecond / producer.recordsPerSecond;
  const singlesToBare = single.eventsPerSecond / bare.eventsPerSecond;
  console.log(
    `\nKafka's ProducerPerformance, ${payload.records} records of this load over and over (${payload.recordBytes} bytes each, as text of 7 bits): ${Math.round(producer.recordsPerSecond).toLocaleString('en')} records/s`,
  );
  console.log(`gateway in batches / producer: ${batchesToProducer.toFixed(2)}`);
  console.log(`single events / bare server: ${singlesToBare.toFixed(2)}`);
  const ok =
    inBatches.eventsPerSecond >= goalBatchEventsPerSecond &&
    singlesToBare >= goalSingleToBare &&
    inBatches.refused + single.refused === 0;
  const ratios = { batchesToProducer, singlesToBare };
  console.log(
    JSON.stringify({
      bench: 'gateway',
      ok,
      batches: inBatches,
      singles: single,
      bare,
      byStage: {
        ...Object.fromEntries(byStage.cpuPerMillion),
        'other threads': byStage.otherThreads,
      },
      producer,
      payload,
      ratios,
    }),
  );
  process.exitCode = ok ? 0 : 1;
}

const stack = await benchStack();
const folder = await mkdtemp(join(tmpdir(), 'bench-gateway-'));
try {
  await bench(stack, folder);
} finally {
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
}
