/**
 * `make demo`: brings up the platform, plays a retailer's data through the front door at full speed, ties out every
 * event from the sender to ClickHouse, and asks five questions. Ctrl-C ends it and leaves nothing running.
 *
 * ONCE=1   stop by itself; exit 0 only if everything ties out
 * LIMIT=n  play only the first n events
 */
import { resolve } from 'node:path';
import { createHighway } from '@zhongtai/highway';
import { createLogger, createMetrics, messageOf } from '@zhongtai/runtime';
import { createWarehouse } from '@zhongtai/warehouse';
import { askQuestions } from './demo/ask.ts';
import { openDataset } from './demo/dataset.ts';
import { printFarewell } from './demo/farewell.ts';
import { replay } from './demo/replay.ts';
import { printReport } from './demo/report.ts';
import { startPlatform } from './platform/platform.ts';

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  console.error(`LIMIT=${text} is no number of events; say LIMIT=2000`);
  process.exit(1);
}

const once = process.env['ONCE'] === '1';
const limit = limitOf(process.env['LIMIT']);
const directory = resolve(process.env['ZHONGTAI_DIRECTORY'] ?? '.local');
const say = (line = ''): void => console.log(line);

say('中台 Zhongtai — 從來源到答案 from a source to an answer\n');
const startedAt = performance.now();
const dataset = await openDataset({ ...(limit === undefined ? {} : { limit }), log: say });
const platform = await startPlatform({ directory, log: (line) => say(`  ${line}`) });
say(`  平台就緒 platform ready after ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`);

const logger = createLogger({ name: 'demo', level: 'error' });
const highway = createHighway({
  brokers: platform.brokers,
  registryUrl: platform.registryUrl,
  clientId: 'demo',
  partitions: 4,
  logger,
  metrics: createMetrics(),
});
const warehouse = createWarehouse({
  url: platform.clickhouseUrl,
  user: 'default',
  password: '',
  application: 'demo',
});

async function stop(): Promise<void> {
  await highway.close();
  await warehouse.close();
  await platform.stop();
}

async function play(): Promise<boolean> {
  const outcome = await replay({ platform, dataset, highway, warehouse, say });
  const tied = await printReport({ outcome, dataset, warehouse, say });
  const answered = await askQuestions({ dataset, warehouse, say });
  return tied && answered;
}

let tied = false;
const interrupted = new Promise<'interrupted'>((done) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done('interrupted'));
});
try {
  const played = await Promise.race([play(), interrupted]);
  if (played !== 'interrupted') {
    tied = played;
    printFarewell({ platform, directory, once, say });
    if (!once) await interrupted;
  }
} catch (error) {
  say(`\n示範中斷 the demo stopped: ${messageOf(error)}\nlogs: ${directory}/logs`);
} finally {
  say('\n停止中 stopping …');
  await stop();
  say('已停止 stopped');
}
process.exit(tied || !once ? 0 : 1);
