import { createHighway } from '@zhongtai/highway';
import {
  addProcessMetrics,
  configured,
  createLifecycle,
  createLogger,
  createMetrics,
  runUntilSignal,
} from '@zhongtai/runtime';
import { createWarehouse } from '@zhongtai/warehouse';
import { createWarehouseSink } from './app.ts';
import { parseSinkConfig } from './config.ts';

const config = configured(() => parseSinkConfig(process.env));
const logger = createLogger({ name: 'warehouse-sink', level: config.LOG_LEVEL });
const metrics = createMetrics();
addProcessMetrics(metrics);
const highway = createHighway({
  brokers: config.KAFKA_BROKERS,
  registryUrl: config.SCHEMA_REGISTRY_URL,
  clientId: 'warehouse-sink',
  partitions: config.PARTITIONS,
  replicationFactor: config.REPLICATION_FACTOR,
  logger,
  metrics,
});
const warehouse = createWarehouse({
  url: config.CLICKHOUSE_URL,
  user: config.CLICKHOUSE_USER,
  password: config.CLICKHOUSE_PASSWORD.reveal(),
  application: 'warehouse-sink',
});
const sink = createWarehouseSink({
  config,
  highway,
  warehouse,
  logger,
  metrics,
  onFatal(error) {
    logger.fatal({ err: error }, 'going on would be wrong');
    process.exit(1);
  },
});
const lifecycle = createLifecycle(logger, sink.name);
lifecycle.addOpen('warehouse', () => warehouse.close());
lifecycle.addOpen('highway', () => highway.close());
lifecycle.add(sink);
await runUntilSignal(lifecycle, logger);
