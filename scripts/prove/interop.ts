/** `make prove-interop`: outside clients, with no code of ours, write and read everything. */
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startStack } from '@zhongtai/local';
import { proveInterop } from './interop/prove-interop.ts';

const started = Date.now();
const seconds = () => (Date.now() - started) / 1000;
const log = (line: string) => console.log(`${seconds().toFixed(1).padStart(6)} s  ${line}`);
const folder = resolve('.local/prove-interop');
await rm(folder, { recursive: true, force: true });
const stack = await startStack({
  directory: join(folder, 'stack'),
  parts: ['kafka', 'registry', 'clickhouse'],
  ports: 'free',
  log,
});
const { endpoints } = stack;
const proof = proveInterop({ endpoints, folder: join(folder, 'clients'), prefix: '', perRecord: 20, log });
const { faults, ...figures } = await proof.finally(() => stack.stop());
for (const fault of faults) console.error(`not held: ${fault}`);
const holds = faults.length === 0;
console.log(JSON.stringify({ proof: 'interop', holds, seconds: seconds(), ...figures }));
process.exit(holds ? 0 : 1);
