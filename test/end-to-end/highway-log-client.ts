import { createHighway } from '@zhongtai/highway';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import type { Log } from '@zhongtai/streams';
import type { LogClient } from './log-client.ts';

/** The highway's log under the engine's port. */
export function open(brokers: string): LogClient {
  const highway = createHighway({
    brokers: [brokers],
    registryUrl: 'http://127.0.0.1:1',
    clientId: 'log-contract',
    partitions: 4,
    logger: createLogger({ name: 'log-contract', level: 'silent' }),
    metrics: createMetrics(),
  });
  const log: Log = highway.createStreamLog();
  return {
    createReader: () => log.createReader(),
    createProducer: (transactionalId) => log.createProducer(transactionalId),
    createGroup: (options) => log.createGroup(options),
    close: () => highway.close(),
  };
}
