import { createVaultCipher } from '@zhongtai/domain';
import { createHighway } from '@zhongtai/highway';
import {
  addProcessMetrics,
  configured,
  createLifecycle,
  createLogger,
  createMetrics,
  runUntilSignal,
} from '@zhongtai/runtime';
import { createFactory } from './app.ts';
import { parseFactoryConfig, vaultKeyOf } from './config.ts';

const config = configured(() => parseFactoryConfig(process.env));
const logger = createLogger({ name: 'factory', level: config.LOG_LEVEL });
const metrics = createMetrics();
addProcessMetrics(metrics);
const cipher = createVaultCipher(vaultKeyOf(config));
const highway = createHighway({
  brokers: config.KAFKA_BROKERS,
  registryUrl: config.SCHEMA_REGISTRY_URL,
  clientId: config.INSTANCE,
  partitions: config.PARTITIONS,
  replicationFactor: config.REPLICATION_FACTOR,
  logger,
  metrics,
  seal: (bytes) => cipher.sealBytes(bytes),
});
const lifecycle = createLifecycle(logger, 'factory');
lifecycle.addOpen('highway', () => highway.close());
lifecycle.add(
  createFactory({
    config,
    highway,
    cipher,
    logger,
    metrics,
    onFatal: () => process.exit(1),
  }),
);
await runUntilSignal(lifecycle, logger);
