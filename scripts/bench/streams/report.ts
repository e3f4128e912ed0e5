import { renderTable } from '../../demo/table.ts';
import type { CaseName } from './cases.ts';
import type { DrainFigures } from './drain.ts';
import type { EngineName } from './engines.ts';
import type { LatencyFigures } from './latency.ts';
import type { RecoveryFigures } from './recovery.ts';

type ByEngine<T> = Partial<Record<EngineName, T>>;

export interface DrainResult {
  readonly records: number;
  readonly results: number;
  /** Whether both engines gave the same multiset of results; null when one of them did not run. */
  readonly equal: boolean | null;
  readonly engines: ByEngine<DrainFigures>;
}

export interface LatencyResult {
  readonly case: CaseName;
  readonly perSecond: number;
  readonly engines: ByEngine<LatencyFigures>;
}

export interface Measured {
  readonly drains: ReadonlyMap<CaseName, DrainResult>;
  readonly latencies: readonly LatencyResult[];
  readonly recovery: ByEngine<RecoveryFigures>;
}

export interface Goal {
  readonly name: string;
  /** Ours over theirs, such that more is better. */
  readonly ratio: number;
  readonly atLeast: number;
}

const leastOf: Partial<Record<CaseName, number>> = { map: 0.5, count: 0.8, join: 0.8 };

/** What was asked for, as far as it was measured with both engines. */
export function goalsOf({ drains, latencies, recovery }: Measured): Goal[] {
  const goals: Goal[] = [];
  const add = (name: string, atLeast: number, ours: number | undefined, theirs: number | undefined): void => {
    if (ours !== undefined && theirs !== undefined) goals.push({ name, atLeast, ratio: ours / theirs });
  };
  for (const [name, { engines, equal }] of drains) {
    const { zhongtai: ours, 'kafka-streams': theirs } = engines;
    const least = leastOf[name] ?? 0;
    add(`${name}: records/s`, least, ours?.recordsPerSecond, theirs?.recordsPerSecond);
    // Less CPU is better: theirs over ours.
    add(`${name}: records per CPU second`, least, theirs?.engineCpuPerMillion, ours?.engineCpuPerMillion);
    add(`${name}: records/s, settled`, 0, ours?.settledPerSecond, theirs?.settledPerSecond);
    const settled = [theirs?.settledCpuPerMillion, ours?.settledCpuPerMillion] as const;
    add(`${name}: records per CPU second, settled`, 0, ...settled);
    if (equal !== null) goals.push({ name: `${name}: equal results`, atLeast: 1, ratio: equal ? 1 : 0 });
  }
  for (const { case: name, perSecond, engines } of latencies) {
    const least = perSecond <= 2000 ? 1 : 0;
    add(`${name}: p99 at ${perSecond}/s`, least, engines['kafka-streams']?.p99Ms, engines.zhongtai?.p99Ms);
  }
  const { zhongtai: ours, 'kafka-streams': theirs } = recovery;
  add('recovery, warm', 1, theirs?.warmSeconds, ours?.warmSeconds);
  add('recovery, empty', 1, theirs?.emptySeconds, ours?.emptySeconds);
  return goals;
}

export function print(measured: Measured, goals: readonly Goal[], say: (text: string) => void): void {
  const { drains, latencies, recovery } = measured;
  const rows = [...drains].flatMap(([name, { engines, equal }]) =>
    Object.entries(engines).map(([engine, run]) => [
      `${name} ${engine}`,
      count(run.recordsPerSecond),
      count(run.settledPerSecond),
      run.engineCpuPerMillion.toFixed(1),
      run.settledCpuPerMillion.toFixed(1),
      run.brokerCpuPerMillion.toFixed(1),
      equal === null ? '' : equal ? 'yes' : 'NO',
    ]),
  );
  const head = ['drain', 'records/s', 'settled', 'CPU s/million', 'settled', 'broker', 'equal'];
  if (rows.length > 0) say(`\n${renderTable([head, ...rows])}`);
  const waits = latencies.flatMap(({ case: name, perSecond, engines }) =>
    Object.entries(engines).map(([engine, run]) => [
      `${name} at ${perSecond}/s ${engine}`,
      String(run.p50Ms),
      String(run.p99Ms),
      count(run.results),
      run.engineCpu.toFixed(2),
      run.brokerCpu.toFixed(2),
    ]),
  );
  const waitHead = ['end to end', 'p50 ms', 'p99 ms', 'results', 'engine cores', 'broker cores'];
  if (waits.length > 0) say(`\n${renderTable([waitHead, ...waits])}`);
  const returns = Object.entries(recovery).map(([engine, run]) => [
    engine,
    run.warmSeconds.toFixed(2),
    run.emptySeconds.toFixed(2),
  ]);
  if (returns.length > 0) say(`\n${renderTable([['kill -9 to result, s', 'warm', 'empty'], ...returns])}`);
  const verdicts = goals.map(({ name, ratio, atLeast }) => [
    name,
    ratio.toFixed(2),
    atLeast === 0 ? '' : atLeast.toFixed(1),
    ratio >= atLeast ? 'holds' : 'does NOT hold',
  ]);
  if (verdicts.length > 0) say(`\n${renderTable([['ours / theirs', 'ratio', 'goal', ''], ...verdicts])}`);
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}
