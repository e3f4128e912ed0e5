import { createVaultCipher } from '@zhongtai/domain';
import { createHighway } from '@zhongtai/highway';
import { configured, createLogger, createMetrics } from '@zhongtai/runtime';
import { openStateDirectory } from '@zhongtai/streams';
import { applicationNamed } from '../applications.ts';
import { parseFactoryConfig, vaultKeyOf } from '../config.ts';
import { resetApplication } from './reset.ts';

/** The operator's command: APPLICATION, and TOPOLOGY for what a removed topology left. */
const config = configured(() => parseFactoryConfig(process.env));
const logger = createLogger({ name: 'factory-reset', level: config.LOG_LEVEL });
const highway = createHighway({
  brokers: config.KAFKA_BROKERS,
  registryUrl: config.SCHEMA_REGISTRY_URL,
  clientId: 'factory-reset',
  partitions: config.PARTITIONS,
  logger,
  metrics: createMetrics(),
});
const cipher = createVaultCipher(vaultKeyOf(config));
const application = applicationNamed(config.APPLICATION).create({ config, codec: highway.codec, cipher });
const { STATE_DIRECTORY: directory, INSTANCE: instance } = config;
const states = await openStateDirectory({ directory, application, instance });
try {
  const topology = process.env['TOPOLOGY'] ?? null;
  const topics = await resetApplication({ admin: highway.admin, application, topology, states });
  logger.info({ application: config.APPLICATION, topology, topics }, 'forgotten');
} finally {
  await states.close();
  await highway.close();
}
