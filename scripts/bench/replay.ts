/** How fast the real data set is made into requests, without sending them: `node scripts/bench/replay.ts`. */
import { openCompleteJourney } from '../datasets/index.ts';

const opened = performance.now();
const dataset = await openCompleteJourney({ cacheDirectory: '.local/datasets', log: () => undefined });
const openMs = performance.now() - opened;

const started = performance.now();
const cpu = process.cpuUsage();
let events = 0;
let bytes = 0;
for await (const batch of dataset.events()) {
  events += batch.length;
  bytes += Buffer.byteLength(JSON.stringify({ events: batch }));
}
const elapsedMs = performance.now() - started;
const { user, system } = process.cpuUsage(cpu);
console.log(
  JSON.stringify({
    bench: 'replay',
    openMs: Math.round(openMs),
    events,
    megabytes: Math.round(bytes / 1e6),
    eventsPerSecond: Math.round((events / elapsedMs) * 1000),
    cpuSecondsPerMillion: Number((((user + system) / events) * 1).toFixed(2)),
    residentMegabytes: Math.round(process.memoryUsage().rss / 1e6),
  }),
);
