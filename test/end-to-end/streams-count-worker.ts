import { createHighway } from '@zhongtai/highway';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { createEngine } from '@zhongtai/streams';
import { countApplication } from './streams-count-topology.ts';

/** A process that runs the counting application until it is killed, or told to stop. */
const [name = '', stateDirectory = 'memory', instance = 'worker'] = process.argv.slice(2);
const brokers = (process.env['KAFKA_BROKERS'] ?? '').split(',');
const logger = createLogger({ name: `count-${instance}`, level: process.env['LOG_LEVEL'] ?? 'warn' });
const metrics = createMetrics();
const highway = createHighway({
  brokers,
  registryUrl: 'http://127.0.0.1:9',
  clientId: instance,
  partitions: 4,
  logger,
  metrics,
});
const letter = (): never => {
  throw new Error('no record of this run is bad or late');
};
const log = highway.createStreamLog();
const engine = createEngine({
  application: countApplication(name),
  log,
  stateDirectory,
  instance,
  partitions: 4,
  logger,
  metrics,
  deadLetter: letter,
  late: letter,
  onFatal(error) {
    logger.fatal({ err: error }, 'stopped');
    process.exit(1);
  },
});
await engine.start();
process.send?.('started');
process.once('SIGTERM', () => {
  void engine
    .stop()
    .then(() => highway.close())
    .then(() => process.exit(0));
});
