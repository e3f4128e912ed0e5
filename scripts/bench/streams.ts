/**
 * The stream engine beside Kafka Streams, alternately in one run on one broker and the same input topics. Prints
 * tables and one line of JSON; ends with 0 only when the goals hold. RECORDS= per case, CASES=map,join, ENGINES=,
 * MEASURE=drain,latency,recovery, SECONDS= of each latency run, STATE= keys before the kill, THREADS= of theirs.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CaseName, caseNames, cases, closingTicks, ticks } from './streams/cases.ts';
import { drain } from './streams/drain.ts';
import { type Engine, type EngineName, engineNames, startEngine } from './streams/engines.ts';
import { preload } from './streams/feed.ts';
import { kafkaStreamsClassPath, type Multiset, multisetOf } from './streams/java-program.ts';
import { latency } from './streams/latency.ts';
import { openPlatform, type Platform } from './streams/platform.ts';
import { benchEvent, lone } from './streams/records.ts';
import { recovery } from './streams/recovery.ts';
import { type DrainResult, goalsOf, type LatencyResult, type Measured, print } from './streams/report.ts';

const list = <T extends string>(name: string, all: readonly T[]): readonly T[] => {
  const asked = process.env[name]?.split(',');
  return asked === undefined ? all : all.filter((each) => asked.includes(each));
};
const wanted = list('CASES', caseNames);
const engines = list('ENGINES', engineNames);
const measures = list('MEASURE', ['drain', 'latency', 'recovery']);
const records = Number(process.env['RECORDS'] ?? 1_000_000);
const state = Number(process.env['STATE'] ?? 1_000_000);
const threads = Number(process.env['THREADS'] ?? 1);
const measureMs = Number(process.env['SECONDS'] ?? 15) * 1000;
const warmMs = Math.min(10_000, measureMs);
const rates = [2000, 10_000];
const withLatency: readonly CaseName[] = ['map', 'count', 'join'];

const say = (text: string): void => console.log(text);

interface Place {
  readonly platform: Platform;
  readonly classPath: string;
  readonly folder: string;
}

/** Names that no earlier run has used, on whatever broker this one works. */
const runName = Date.now().toString(36);
let runs = 0;

/** A start of an engine under a name that was never used, with a topic of its own for the results. */
async function prepareRun({ platform, classPath, folder }: Place, name: CaseName, engine: EngineName) {
  runs += 1;
  const application = `bench-${runName}-${name}-${engine}-${runs}`;
  const output = `${application}-out`;
  const stateDirectory = join(folder, application);
  await platform.ensureTopics([], [output]);
  const start = (inputs: readonly string[]): Engine =>
    startEngine(platform, classPath, {
      engine,
      case: name,
      application,
      inputs,
      output,
      stateDirectory,
      threads,
    });
  return { start, application, output, stateDirectory };
}

const inputsOf = (name: CaseName, of: string): string[] =>
  Array.from({ length: cases[name].inputs }, (_, n) => `bench.${runName}.${of}.${name}.${n}`);

async function drainCase(place: Place, name: CaseName): Promise<DrainResult> {
  const { platform, classPath } = place;
  const inputs = inputsOf(name, 'drain');
  await platform.ensureTopics(inputs, []);
  const clock = { round: 0, endMs: Date.now() };
  const loaded = await preload(platform, inputs, cases[name].feed(records, clock.endMs));
  if (cases[name].needsTicks) {
    for (; clock.round < closingTicks; clock.round++) {
      await preload(platform, inputs, ticks(clock.round, clock.endMs));
    }
  }
  say(`${name}: ${loaded.records.toLocaleString('en')} records of ${Math.round(loaded.valueBytes)} bytes`);
  const figures: DrainResult['engines'] = {};
  const found: Multiset[] = [];
  for (const engine of engines) {
    const run = await prepareRun(place, name, engine);
    const process = run.start(inputs);
    const { application, output } = run;
    const topics = { application, inputs, output, records: loaded.records };
    try {
      figures[engine] = await drain(platform, process, topics, cases[name], clock);
    } finally {
      await process.stop();
    }
    const multiset = await multisetOf(classPath, platform.stack.kafka, run.output);
    found.push(multiset);
    say(`  ${engine}: ${JSON.stringify({ ...figures[engine], ...multiset })}`);
    await rm(run.stateDirectory, { recursive: true, force: true });
    await platform.highway.admin.deleteTopics([run.output]);
  }
  const [first, second] = found;
  const equal = first === undefined || second === undefined ? null : first.sum === second.sum;
  await platform.highway.admin.deleteTopics(inputs);
  return { records: loaded.records, results: first?.records ?? 0, equal, engines: figures };
}

async function latencyOf(place: Place, name: CaseName, perSecond: number): Promise<LatencyResult> {
  const { platform } = place;
  const figures: LatencyResult['engines'] = {};
  for (const engine of engines) {
    const inputs = inputsOf(name, `${perSecond}.${engine}`);
    await platform.ensureTopics(inputs, []);
    const run = await prepareRun(place, name, engine);
    const process = run.start(inputs);
    try {
      const load = { perSecond, warmMs, measureMs };
      figures[engine] = await latency(platform, process, { inputs, output: run.output }, cases[name], load);
    } finally {
      await process.stop();
    }
    say(`${name} at ${perSecond}/s, ${engine}: ${JSON.stringify(figures[engine])}`);
    await rm(run.stateDirectory, { recursive: true, force: true });
  }
  return { case: name, perSecond, engines: figures };
}

function* loneEvents(endMs: number) {
  for (let n = 0; n < state; n++) {
    const timeMs = endMs - 3_600_000 + n;
    yield { input: 0, event: benchEvent('sale', n, lone(n), timeMs), timestampMs: timeMs };
  }
}

async function recoveries(place: Place): Promise<Measured['recovery']> {
  const { platform } = place;
  const figures: Measured['recovery'] = {};
  for (const engine of engines) {
    const inputs = inputsOf('count', `recovery.${engine}`);
    await platform.ensureTopics(inputs, []);
    await preload(platform, inputs, loneEvents(Date.now()));
    const run = await prepareRun(place, 'count', engine);
    const topics = { inputs, output: run.output };
    figures[engine] = await recovery(platform, () => run.start(inputs), topics, run.stateDirectory);
    say(`recovery with ${state.toLocaleString('en')} keys, ${engine}: ${JSON.stringify(figures[engine])}`);
    await rm(run.stateDirectory, { recursive: true, force: true });
  }
  return figures;
}

async function measure(place: Place): Promise<Measured> {
  const drains = new Map<CaseName, DrainResult>();
  const latencies: LatencyResult[] = [];
  if (measures.includes('drain')) for (const name of wanted) drains.set(name, await drainCase(place, name));
  if (measures.includes('latency')) {
    for (const name of wanted.filter((each) => withLatency.includes(each))) {
      for (const perSecond of rates) latencies.push(await latencyOf(place, name, perSecond));
    }
  }
  const returns = measures.includes('recovery') && wanted.includes('count') ? await recoveries(place) : {};
  return { drains, latencies, recovery: returns };
}

const folder = await mkdtemp(join(tmpdir(), 'bench-streams-'));
const platform = await openPlatform();
try {
  const classPath = await kafkaStreamsClassPath(say);
  const measured = await measure({ platform, classPath, folder });
  const goals = goalsOf(measured);
  print(measured, goals, say);
  const ok = goals.every(({ ratio, atLeast }) => ratio >= atLeast);
  const drains = Object.fromEntries(measured.drains);
  const { latencies, recovery: returns } = measured;
  say(JSON.stringify({ bench: 'streams', ok, records, drains, latencies, recovery: returns, goals }));
  process.exitCode = ok ? 0 : 1;
} finally {
  await platform.close();
  await rm(folder, { recursive: true, force: true });
}
