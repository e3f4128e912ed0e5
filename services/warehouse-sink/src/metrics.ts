import { Counter, Gauge, Histogram, type Registry } from '@zhongtai/runtime';

/** What the sink measures. The README's table repeats names and help. */
export interface SinkMetrics {
  readonly rows: Counter<'table'>;
  readonly inserts: Counter<'table'>;
  readonly insertRows: Histogram;
  readonly insertSeconds: Histogram;
  readonly retries: Counter<'reason'>;
  readonly replays: Counter;
  readonly givenUp: Counter;
  readonly visibleSeconds: Histogram<'topic'>;
  readonly lagSeconds: Gauge<'topic'>;
  readonly pendingSeconds: Gauge;
  readonly blockedPartitions: Gauge;
  readonly openBytes: Gauge;
}

export interface Watched {
  /** Topic -> age in seconds of its oldest record that was read and is not yet in the warehouse. */
  lagSeconds(): ReadonlyMap<string, number>;
  pendingSeconds(): number;
  blockedPartitions(): number;
  openBytes(): number;
}

export function createSinkMetrics(registry: Registry, watched: Watched): SinkMetrics {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
    new Counter({ name: `zhongtai_sink_${name}`, help, labelNames: [...labelNames], registers });
  const gauge = (name: string, help: string, read: () => number): Gauge =>
    new Gauge({
      name: `zhongtai_sink_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  return {
    rows: counter('rows_total', 'Rows inserted.', ['table']),
    inserts: counter('inserts_total', 'Inserts that the warehouse confirmed.', ['table']),
    insertRows: new Histogram({
      name: 'zhongtai_sink_insert_rows',
      help: 'Rows of an insert.',
      buckets: [1, 10, 100, 1000, 5000, 20_000, 50_000],
      registers,
    }),
    insertSeconds: new Histogram({
      name: 'zhongtai_sink_insert_seconds',
      help: 'Time from sending an insert to its answer.',
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
    retries: counter('retries_total', 'Attempts that failed and are made again.', ['reason']),
    replays: counter('replays_total', 'Recorded cuts that were found unfinished and sent again.'),
    givenUp: counter('given_up_total', 'Partitions given up because a commit was not confirmed.'),
    visibleSeconds: new Histogram({
      name: 'zhongtai_sink_visible_seconds',
      help: 'Time from the record on its topic to the row in the warehouse, of the oldest record of a cut.',
      labelNames: ['topic'],
      buckets: [0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300],
      registers,
    }),
    lagSeconds: new Gauge({
      name: 'zhongtai_sink_lag_seconds',
      help: 'Age of the oldest record that was read and is not yet in the warehouse; 0 when there is none.',
      labelNames: ['topic'],
      registers,
      collect() {
        // A topic whose partitions are with somebody else now has no lag of ours.
        this.reset();
        for (const [topic, seconds] of watched.lagSeconds()) this.set({ topic }, seconds);
      },
    }),
    pendingSeconds: gauge('pending_seconds', 'Age of the oldest cut that is being sent.', () =>
      watched.pendingSeconds(),
    ),
    blockedPartitions: gauge(
      'blocked_partitions',
      'Partitions that stand still: an insert fails and is retried, or the topic cannot be read.',
      () => watched.blockedPartitions(),
    ),
    openBytes: gauge('open_bytes', 'Bytes of rows held in memory.', () => watched.openBytes()),
  };
}
