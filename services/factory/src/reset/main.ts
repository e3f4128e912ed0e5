import { createVaultCipher } from '@zhongtai/domain';
import { createHighway } from '@zhongtai/highway';
import { configured, createLogger, createMetrics } from '@zhongtai/runtime';
import { forgetTopology, moveInput, openStateDirectory } from '@zhongtai/streams';
import { applicationNamed } from '../applications.ts';
import { parseFactoryConfig, vaultKeyOf } from '../config.ts';
import { moveApplication, parseWish, resetApplication } from './reset.ts';

/**
 * The operator's command: APPLICATION alone, with TOPOLOGY for what a removed topology left, or with INPUT and FROM for
 * where it goes on in one input.
 */
const config = configured(() => parseFactoryConfig(process.env));
const wish = parseWish(process.env);
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
const { STATE_DIRECTORY: directory, INSTANCE: instance, PARTITIONS: partitions } = config;
const states = await openStateDirectory({ directory, application, instance });
const positions = { log: highway.createStreamLog(), application, partitions, clock: Date.now };
try {
  const { topology, input, from } = wish;
  const common = { admin: highway.admin, application };
  if (input === null) {
    const forget = (name: string) => forgetTopology(positions, name);
    const topics = await resetApplication({ ...common, topology, states, forgetTopology: forget });
    logger.info({ application: application.name, topology, topics }, 'forgotten');
  } else {
    const move = (topic: string, to: 'earliest' | 'latest') => moveInput(positions, topic, to);
    const moved = await moveApplication({ ...common, input, from, moveInput: move });
    logger.info({ application: application.name, input, from, moved }, 'positions moved');
  }
} finally {
  await states.close();
  await highway.close();
}
