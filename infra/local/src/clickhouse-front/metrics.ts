import { Counter, Gauge, Histogram, type Registry } from '@zhongtai/runtime';

/** What the front measures. The README's table repeats names and help. */
export interface FrontMetrics {
  readonly queries: Counter<'user' | 'result'>;
  readonly querySeconds: Histogram<'user'>;
  readonly resultBytes: Counter<'user'>;
}

export interface Watched {
  waiting(): number;
  running(): number;
  bodyBytes(): number;
}

export function createFrontMetrics(registry: Registry, watched: Watched): FrontMetrics {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): Gauge =>
    new Gauge({
      name: `zhongtai_clickhouse_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  const metrics = {
    queries: new Counter({
      name: 'zhongtai_clickhouse_queries_total',
      help: 'statements by user and result (ok, refused: too busy, failed)',
      labelNames: ['user', 'result'] as const,
      registers,
    }),
    querySeconds: new Histogram({
      name: 'zhongtai_clickhouse_query_seconds',
      help: 'from the first byte of a request to the last of its answer',
      labelNames: ['user'] as const,
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
      registers,
    }),
    resultBytes: new Counter({
      name: 'zhongtai_clickhouse_result_bytes_total',
      help: 'bytes of results, before compression',
      labelNames: ['user'] as const,
      registers,
    }),
  };
  gauge('waiting_queries', 'statements that wait for a lane', watched.waiting);
  gauge('running_queries', 'statements that hold a lane', watched.running);
  gauge('body_bytes', 'bytes of bodies in memory', watched.bodyBytes);
  return metrics;
}
