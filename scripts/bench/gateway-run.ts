import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { cpuSecondsOf } from './gateway-machine.ts';

/** What one run against one server gave. */
export interface RunFigures {
  readonly name: string;
  readonly eventsPerSecond: number;
  readonly requestsPerSecond: number;
  readonly refused: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU seconds per million events, by process. */
  readonly cpuPerMillion: { readonly server: number; readonly broker: number; readonly generator: number };
  readonly requestBytesPerEvent: number;
}

export interface RunOptions {
  readonly name: string;
  readonly port: number;
  readonly key: string;
  readonly serverPid: number;
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

/** Runs the load generator against a server and reads the CPU clocks of all at its first and last moment. */
export async function runLoad(options: RunOptions): Promise<RunFigures> {
  const child = fork(fileURLToPath(new URL('./gateway-load.ts', import.meta.url)), {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: {
      ...process.env,
      PORT: String(options.port),
      KEY: options.key,
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
  const clocks = async () => [await cpuSecondsOf(options.serverPid), await cpuSecondsOf(options.brokerPid)];
  const readings: Promise<number[]>[] = [];
  child.on('message', () => readings.push(clocks()));
  const status = await new Promise((resolve) => child.once('close', resolve));
  if (status !== 0) throw new Error(`the load generator ended with ${status}`);
  const figures: LoadFigures = JSON.parse(output);
  const [[server0 = 0, broker0 = 0] = [], [server1 = 0, broker1 = 0] = []] = await Promise.all(readings);
  const perMillion = (seconds: number): number => (seconds / Math.max(1, figures.events)) * 1e6;
  return {
    name: options.name,
    eventsPerSecond: figures.events / figures.seconds,
    requestsPerSecond: figures.requests / figures.seconds,
    refused: figures.refused,
    p50Ms: figures.p50Ms,
    p99Ms: figures.p99Ms,
    cpuPerMillion: {
      server: perMillion(server1 - server0),
      broker: perMillion(broker1 - broker0),
      generator: perMillion(figures.generatorCpuSeconds),
    },
    requestBytesPerEvent: figures.requestBytesPerEvent,
  };
}
