import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { createEngine } from '@zhongtai/streams';
import { caseNames, partitions } from './cases.ts';
import { benchHighway } from './platform.ts';
import { prepareCodec } from './records.ts';
import { caseApplication } from './topologies.ts';

/**
 * Runs one case with our engine until it is told to end, or who started it is gone. Says `running` when its tasks are
 * restored.
 */
const settings = new Map(
  process.argv.slice(2).map((argument): [string, string] => {
    const at = argument.indexOf('=');
    return [argument.slice(0, at), argument.slice(at + 1)];
  }),
);
const text = (name: string): string => {
  const value = settings.get(name);
  if (value === undefined) throw new Error(`the argument ${name}= is missing`);
  return value;
};
const caseName = caseNames.find((name) => name === text('case'));
if (caseName === undefined) throw new Error(`no case is called ${text('case')}`);

const highway = benchHighway({ kafka: text('brokers'), registry: text('registry') }, text('instance'));
const codec = await prepareCodec(highway.codec);
const refuse = (): never => {
  throw new Error('no record of the bench is bad or late');
};
const topics = { inputs: text('in').split(','), output: text('out') };
const engine = createEngine({
  application: caseApplication(caseName, text('application'), topics, highway, codec),
  log: highway.createStreamLog(),
  stateDirectory: text('state'),
  instance: text('instance'),
  partitions,
  logger: createLogger({ name: text('instance'), level: 'warn' }),
  metrics: createMetrics(),
  deadLetter: refuse,
  late: refuse,
  limits: { commitMs: Number(text('commitMs')), sessionTimeoutMs: Number(text('sessionMs')) },
  onFatal(error) {
    console.error(error);
    process.exit(1);
  },
});
process.once('SIGTERM', () => {
  void engine
    .stop()
    .then(() => highway.close())
    .then(() => process.exit(0));
});
process.stdin.once('end', () => process.exit(1)).resume();
await engine.start();
const isRunning = (): boolean => {
  const tasks = engine.tasks();
  return (
    tasks.length === partitions && tasks.every(({ phase }) => phase === 'running' || phase === 'committing')
  );
};
while (!isRunning()) await sleep(5);
console.log('running');
