import { createHighway } from '@zhongtai/highway';
import {
  addProcessMetrics,
  configured,
  createLifecycle,
  createLogger,
  createMetrics,
  parseConfig,
  runUntilSignal,
} from '@zhongtai/runtime';
import { createApiGateway } from './app.ts';
import { gatewayConfigSchema } from './config.ts';

const config = configured(() => parseConfig(gatewayConfigSchema, process.env));
const logger = createLogger({ name: 'api-gateway', level: config.LOG_LEVEL });
const metrics = createMetrics();
addProcessMetrics(metrics);
const highway = createHighway({
  brokers: config.KAFKA_BROKERS,
  registryUrl: config.SCHEMA_REGISTRY_URL,
  clientId: 'api-gateway',
  partitions: config.PARTITIONS,
  replicationFactor: config.REPLICATION_FACTOR,
  logger,
  metrics,
});
const lifecycle = createLifecycle(logger, 'api-gateway');
lifecycle.addOpen('highway', () => highway.close());
lifecycle.add(createApiGateway({ config, highway, clock: Date.now, logger, metrics }));

await runUntilSignal(lifecycle, logger, { stopWithinMs: config.STOP_TIMEOUT_MS + 10_000 });
