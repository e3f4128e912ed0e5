import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { TaskObserver } from '../task/types.ts';
import type { TaskPhase } from './options.ts';

type Labels = 'application' | 'topology' | 'partition';

/** What an engine measures. Labels are bounded: names of topologies, stages, reasons of code, partitions. */
export interface EngineMetrics {
  readonly commitSeconds: Histogram<'application'>;
  readonly processSeconds: Counter<'application' | 'partition'>;
  readonly restoreSeconds: Histogram<'application'>;
  readonly transactionRecords: Histogram<'application'>;
  readonly aborts: Counter<'application' | 'reason'>;
  readonly rebalances: Counter<'application'>;
  readonly fenced: Counter<'application'>;
  observer(partition: number): TaskObserver;
}

/** What is looked at when somebody asks for the metrics. */
export interface Watched {
  readonly application: string;
  tasks(): Iterable<WatchedTask>;
}

export interface WatchedTask {
  readonly partition: number;
  readonly phase: TaskPhase;
  readonly restoreRemaining: number;
  /** By input topic. */
  inputLag(): ReadonlyMap<string, number>;
  /** By topology. */
  stats(): ReadonlyMap<string, { readonly streamTimeMs: number; readonly timersPending: number }>;
  stateSize(): { readonly bytes: number; readonly entries: number };
}

const phases: readonly TaskPhase[] = ['opening', 'restoring', 'running', 'committing', 'lost', 'closed'];

export function createEngineMetrics(
  registry: Registry,
  watched: Watched,
  clock: () => number,
): EngineMetrics {
  const registers = [registry];
  const { application } = watched;
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> =>
    new Counter({ name: `zhongtai_streams_${name}`, help, labelNames: [...labelNames], registers });
  const histogram = (name: string, help: string, buckets: number[]): Histogram<'application'> =>
    new Histogram({
      name: `zhongtai_streams_${name}`,
      help,
      labelNames: ['application'],
      buckets,
      registers,
    });
  const perTopology = <L extends string>(name: string, help: string, more: readonly L[] = []) =>
    counter<Labels | L>(name, help, ['application', 'topology', 'partition', ...more]);

  const processed = perTopology('records_total', 'Records worked, committed or not.');
  const dropped = perTopology('dropped_total', 'Records that a topology chose not to use.', ['reason']);
  const late = perTopology('late_total', 'Records that came beyond the grace.');
  const deadLettered = perTopology('dead_lettered_total', 'Records set aside.', ['stage', 'reason']);
  const suppressed = perTopology('timers_suppressed_total', 'Timers found due too late to be of use.');
  const fireDelay = new Histogram({
    name: 'zhongtai_streams_timer_delay_seconds',
    help: 'How far stream time was behind the due time of a timer that fired.',
    labelNames: ['application', 'topology'],
    buckets: [0.1, 1, 5, 15, 60, 300, 900, 3600],
    registers,
  });
  watchTasks(registry, watched, clock);
  return {
    commitSeconds: histogram(
      'commit_seconds',
      'Time from the cut of a transaction to its local copy.',
      [0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5],
    ),
    processSeconds: counter('process_seconds_total', 'Time spent in handlers and stores.', [
      'application',
      'partition',
    ]),
    restoreSeconds: histogram(
      'restore_seconds',
      'Time from assignment to the first record.',
      [0.05, 0.1, 0.5, 1, 5, 15, 60, 300],
    ),
    transactionRecords: histogram(
      'transaction_records',
      'Input records of a transaction.',
      [1, 10, 100, 1000, 5000, 20_000],
    ),
    aborts: counter('aborts_total', 'Commits that failed; unknown: the answer was lost.', [
      'application',
      'reason',
    ]),
    rebalances: counter('rebalances_total', 'Assignments received.', ['application']),
    fenced: counter('fenced_total', 'Tasks lost to a successor.', ['application']),
    observer(number) {
      const partition = String(number);
      const of = (topology: string) => ({ application, topology, partition });
      return {
        processed: (topology, records) => processed.inc(of(topology), records),
        dropped: (topology, reason) => dropped.inc({ ...of(topology), reason }),
        late: (topology) => late.inc(of(topology)),
        deadLettered: (topology, stage, reason) => deadLettered.inc({ ...of(topology), stage, reason }),
        fired: (topology, delayMs) => fireDelay.observe({ application, topology }, delayMs / 1000),
        suppressed: (topology) => suppressed.inc(of(topology)),
      };
    },
  };
}

/** Gauges are read when they are asked for; a task that went elsewhere leaves nothing behind. */
function watchTasks(registry: Registry, watched: Watched, clock: () => number): void {
  const { application } = watched;
  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    read: (task: WatchedTask) => Iterable<readonly [Record<L, string>, number]>,
  ) =>
    new Gauge({
      name: `zhongtai_streams_${name}`,
      help,
      labelNames: ['application', 'partition', ...labelNames],
      registers: [registry],
      collect() {
        this.reset();
        for (const task of watched.tasks()) {
          const base = { application, partition: String(task.partition) };
          for (const [labels, value] of read(task)) this.set({ ...base, ...labels }, value);
        }
      },
    });
  gauge('task_state', 'The phase in which a task is (1).', ['phase'], (task) =>
    phases.map((phase) => [{ phase }, phase === task.phase ? 1 : 0] as const),
  );
  gauge('restore_remaining', 'Offsets that a restore still has to read.', [], (task) => [
    [{}, task.restoreRemaining],
  ]);
  gauge(
    'input_lag',
    'Offsets between a task and the end of its input, by its last fetch.',
    ['topic'],
    (task) => [...task.inputLag()].map(([topic, lag]) => [{ topic }, lag] as const),
  );
  gauge('stream_time_lag_seconds', 'How far stream time is behind the clock.', ['topology'], (task) =>
    [...task.stats()]
      .filter(([, { streamTimeMs }]) => streamTimeMs > 0)
      .map(([topology, { streamTimeMs }]) => [{ topology }, (clock() - streamTimeMs) / 1000] as const),
  );
  gauge('timers_pending', 'Timers that wait for their time.', ['topology'], (task) =>
    [...task.stats()].map(([topology, { timersPending }]) => [{ topology }, timersPending] as const),
  );
  gauge('store_bytes', "Bytes of a task's local copy.", [], (task) => [[{}, task.stateSize().bytes]]);
  gauge('store_entries', "Entries of a task's local copy.", [], (task) => [[{}, task.stateSize().entries]]);
}
