import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { usageOf } from '@zhongtai/local';
import { mainThreadSecondsOf } from './gateway-machine.ts';
import type { Served } from './gateway-servers.ts';
import type { Stretch } from './gateway-stages.ts';

/** What one run against one server gave. */
export interface RunFigures {
  readonly name: string;
  readonly eventsPerSecond: number;
  readonly requestsPerSecond: number;
  readonly refused: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU seconds per million events, by process. */
  readonly cpuPerMillion: {
    readonly server: number;
    /** The part of the server's main thread. */
    readonly mainThread: number;
    readonly broker: number;
    readonly generator: number;
  };
  readonly requestBytesPerEvent: number;
  readonly events: number;
  /** When it was measured. */
  readonly stretch: Stretch;
}

export interface RunOptions {
  readonly name: string;
  readonly server: Served;
  readonly brokerPid: number;
  readonly batch: number;
  readonly connections: number;
  readonly warmMs: number;
  readonly measureMs: number;
}

interface LoadFigures {
  readonly requests: number;
  readonly refused: number;
  readonly events: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly generatorCpuSeconds: number;
  readonly requestBytesPerEvent: number;
}

/** CPU seconds of both processes at a moment of the monotonic clock. */
interface Reading {
  readonly micros: number;
  readonly server: number;
  readonly mainThread: number;
  readonly broker: number;
}

function readClocks({ server, brokerPid }: RunOptions): Reading {
  return {
    micros: Number(process.hrtime.bigint() / 1000n),
    server: usageOf(server.pid, 'without').cpuSeconds,
    mainThread: mainThreadSecondsOf(server.pid),
    broker: usageOf(brokerPid, 'without').cpuSeconds,
  };
}

/** Runs the load generator against a server and reads the CPU clocks of all at its first and last moment. */
export async function runLoad(options: RunOptions): Promise<RunFigures> {
  const child = fork(fileURLToPath(new URL('./gateway-load.ts', import.meta.url)), {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: {
      ...process.env,
      PORT: String(options.server.port),
      KEY: options.server.key,
      BATCH: String(options.batch),
      CONNECTIONS: String(options.connections),
      WARM_MS: String(options.warmMs),
      MEASURE_MS: String(options.measureMs),
    },
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const readings: Reading[] = [];
  child.on('message', () => readings.push(readClocks(options)));
  const status = await new Promise((resolve) => child.once('close', resolve));
  if (status !== 0) throw new Error(`the load generator ended with ${status}`);
  const figures: LoadFigures = JSON.parse(output);
  const [first, last] = readings;
  if (first === undefined || last === undefined) throw new Error('the load generator did not measure');
  const perMillion = (seconds: number): number => (seconds / Math.max(1, figures.events)) * 1e6;
  return {
    name: options.name,
    eventsPerSecond: figures.events / figures.seconds,
    requestsPerSecond: figures.requests / figures.seconds,
    refused: figures.refused,
    p50Ms: figures.p50Ms,
    p99Ms: figures.p99Ms,
    cpuPerMillion: {
      server: perMillion(last.server - first.server),
      mainThread: perMillion(last.mainThread - first.mainThread),
      broker: perMillion(last.broker - first.broker),
      generator: perMillion(figures.generatorCpuSeconds),
    },
    requestBytesPerEvent: figures.requestBytesPerEvent,
    events: figures.events,
    stretch: { fromMicros: first.micros, toMicros: last.micros },
  };
}
