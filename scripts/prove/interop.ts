/** `make prove-interop`: outside clients, with no code of ours, write and read everything. */
import { resolve } from 'node:path';
import { proveInterop } from './interop/prove-interop.ts';

const started = Date.now();
const log = (line: string) =>
  console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`);
const { faults, ...figures } = await proveInterop({
  folder: resolve('.local/prove-interop'),
  perRecord: 20,
  log,
});
for (const fault of faults) console.error(`not held: ${fault}`);
const holds = faults.length === 0;
console.log(JSON.stringify({ proof: 'interop', holds, seconds: (Date.now() - started) / 1000, ...figures }));
process.exit(holds ? 0 : 1);
