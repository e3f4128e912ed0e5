/**
 * `make prove-main`: a real retailer's year sent once while gateway, sink, ClickHouse, registry and broker are
 * killed. KILLS= how many, SEED= which kills; SAMPLES= rounds of samples instead of the real data.
 */
import { resolve } from 'node:path';
import { openCompleteJourney, openSamples } from '../datasets/index.ts';
import { proveMain } from './main/prove-main.ts';

const kills = Number(process.env['KILLS'] ?? 20);
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1_000_000));
const started = Date.now();
const log = (line: string) =>
  console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`);
log(`KILLS=${kills} SEED=${seed}`);
const rounds = Number(process.env['SAMPLES'] ?? 0);
const dataset =
  rounds > 0
    ? openSamples({ rounds })
    : await openCompleteJourney({ cacheDirectory: resolve('.local/datasets'), log });
const folder = resolve('.local/prove-main');
const { faults, ...figures } = await proveMain({
  folder,
  dataset,
  planted: 5_000,
  batchSize: 500,
  kills,
  seed,
  idleSeconds: 15,
  pace: { events: 300_000, seconds: 20 },
  log,
});
for (const fault of faults) console.error(`not held: ${fault}`);
const holds = faults.length === 0;
console.log(JSON.stringify({ proof: 'main', holds, minutes: (Date.now() - started) / 60_000, ...figures }));
process.exit(holds ? 0 : 1);
