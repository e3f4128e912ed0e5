/** One process of the application under proof. Ends by SIGTERM; a fatal error ends it with code 1. */
import { createHighway } from '@zhongtai/highway';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { createEngine, type Letter, type OutRecord } from '@zhongtai/streams';
import { chain } from './chain.ts';
import type { Aside } from './read-topics.ts';
import { partitions, topicNames } from './records.ts';

const need = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};
const logger = createLogger({ name: need('INSTANCE'), level: 'info' });
const metrics = createMetrics();
const highway = createHighway({
  brokers: [need('KAFKA_BROKERS')],
  registryUrl: 'http://127.0.0.1:9/unused',
  clientId: need('INSTANCE'),
  partitions,
  logger,
  metrics,
});
const log = highway.createStreamLog();

function aside(topic: string, letter: Letter): OutRecord {
  const { topic: from, partition, offset, stage, reason, timestampMs } = letter;
  const value: Aside = { topic: from, partition, offset, stage, reason };
  return { topic, partition, key: letter.key, value: Buffer.from(JSON.stringify(value)), timestampMs };
}

const engine = createEngine({
  application: chain(Number(need('GRACE_MS'))),
  log,
  stateDirectory: need('STATE_DIRECTORY'),
  instance: need('INSTANCE'),
  partitions,
  logger,
  metrics,
  deadLetter: (letter) => aside(topicNames.deadLetters, letter),
  late: (letter) => aside(topicNames.late, letter),
  onFatal(error) {
    logger.error({ err: error }, 'the engine has given up');
    process.exit(1);
  },
});

process.once('SIGTERM', () => {
  engine
    .stop()
    .then(() => highway.close())
    .then(() => process.exit(0))
    .catch((error: unknown) => {
      logger.error({ err: error }, 'the engine did not stop well');
      process.exit(1);
    });
});
await engine.start();
