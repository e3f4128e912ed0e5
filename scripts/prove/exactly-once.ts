/**
 * `make prove-exactly-once`: three processes of an application under load while they, and the broker, are killed,
 * frozen, added and removed. KILLS= how many troubles, SEED= which; GRACE=small shows what becomes of late records.
 */
import { resolve } from 'node:path';
import { proveExactlyOnce } from './exactly-once/prove-exactly-once.ts';

const kills = Number(process.env['KILLS'] ?? 20);
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1_000_000));
const grace = process.env['GRACE'] === 'small' ? 'small' : 'wide';
const startedAt = Date.now();
const log = (line: string) =>
  console.log(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}`);
log(`KILLS=${kills} SEED=${seed} GRACE=${grace}`);
const { faults, ...figures } = await proveExactlyOnce({
  folder: resolve('.local/prove-exactly-once'),
  kills,
  seed,
  ordersPerSecond: Number(process.env['RATE'] ?? 1_000),
  grace,
  log,
});
for (const fault of faults) console.error(`not held: ${fault}`);
const holds = faults.length === 0;
const minutes = Number(((Date.now() - startedAt) / 60_000).toFixed(1));
console.log(JSON.stringify({ proof: 'exactly-once', holds, minutes, ...figures }));
process.exit(holds ? 0 : 1);
