import { Counter, Gauge, Histogram, type Registry } from '@zhongtai/runtime';

/** Everything that the highway measures; created once per registry of a process. */
export function createHighwayMetrics(registry: Registry) {
  const registers = [registry];
  return {
    published: new Counter({
      name: 'zhongtai_highway_published_records_total',
      help: 'Records acknowledged by all in-sync replicas.',
      labelNames: ['topic'],
      registers,
    }),
    publishFailures: new Counter({
      name: 'zhongtai_highway_publish_failed_records_total',
      help: 'Records whose publish was rejected, by error code.',
      labelNames: ['topic', 'code'],
      registers,
    }),
    publishRetries: new Counter({
      name: 'zhongtai_highway_publish_retries_total',
      help: 'Record batches that were sent again with the same sequence after an error.',
      registers,
    }),
    producersReplaced: new Counter({
      name: 'zhongtai_highway_producers_replaced_total',
      help: 'Producer ids given up because the fate of a batch was unknown or the broker refused the sequence.',
      registers,
    }),
    publishSeconds: new Histogram({
      name: 'zhongtai_highway_publish_request_seconds',
      help: 'Time from sending a produce request to its answer.',
      buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    batchRecords: new Histogram({
      name: 'zhongtai_highway_publish_batch_records',
      help: 'Records in one batch of one partition.',
      buckets: [1, 10, 50, 100, 500, 1000, 5000],
      registers,
    }),
    bytesInFlight: new Gauge({
      name: 'zhongtai_highway_publish_in_flight_bytes',
      help: 'Bytes accepted for publishing and not yet answered.',
      registers,
    }),
    fetched: new Counter({
      name: 'zhongtai_highway_fetched_records_total',
      help: 'Records fetched, by group and topic.',
      labelNames: ['group', 'topic'],
      registers,
    }),
    lag: new Gauge({
      name: 'zhongtai_highway_lag_records',
      help: 'Records between the reading position and the end of a partition that this process owns.',
      labelNames: ['group', 'topic', 'partition'],
      registers,
    }),
    stableLag: new Gauge({
      name: 'zhongtai_highway_stable_lag_records',
      help: 'Offsets of a partition that an open transaction hides from its readers.',
      labelNames: ['group', 'topic', 'partition'],
      registers,
    }),
    rebalances: new Counter({
      name: 'zhongtai_highway_rebalances_total',
      help: 'Generations that ended, by reason: rebalance, lost or stop.',
      labelNames: ['group', 'reason'],
      registers,
    }),
    commitFailures: new Counter({
      name: 'zhongtai_highway_commit_failures_total',
      help: 'Commits that were refused or not answered.',
      labelNames: ['group', 'code'],
      registers,
    }),
    deadLetters: new Counter({
      name: 'zhongtai_highway_dead_letters_total',
      help: 'Records set aside, by stage and reason.',
      labelNames: ['stage', 'reason'],
      registers,
    }),
    schemasLearned: new Counter({
      name: 'zhongtai_highway_schemas_learned_total',
      help: 'Schema ids asked of the registry, by result: known, unknown or away.',
      labelNames: ['result'],
      registers,
    }),
  };
}

export type HighwayMetrics = ReturnType<typeof createHighwayMetrics>;
