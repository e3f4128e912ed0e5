import { describe, expect, it } from '@jest/globals';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import type { KafkajsCluster } from './kafkajs-types.ts';
import { createHighwayMetrics } from './metrics.ts';
import { KafkaPartitionOwner } from './partition-owner.ts';

/** The bug: the error was logged under a name that the logger prints without its message and stack. */
describe('a subscription that cannot go on', () => {
  it('says why in the log', async () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const cluster: Partial<KafkajsCluster> = {
      isConnected: () => false,
      connect: () =>
        Promise.reject(Object.assign(new Error('wrong password'), { type: 'SASL_AUTHENTICATION_FAILED' })),
      disconnect: async () => undefined,
    };
    const fatal = Promise.withResolvers<unknown>();
    const owner = new KafkaPartitionOwner(
      {
        brokers: [],
        clientId: 'test',
        logger: createLogger({ name: 'test', destination }),
        metrics: createHighwayMetrics(createMetrics()),
        clock: Date.now,
      },
      {
        groupId: 'g',
        topics: [],
        onAssigned: async () => undefined,
        onRevoked: async () => undefined,
        onBatch: async () => undefined,
        onFatal: fatal.resolve,
      },
      () => cluster as KafkajsCluster,
    );
    await owner.start();
    expect(await fatal.promise).toMatchObject({ code: 'ZT-HIGHWAY-DENIED' });
    await owner.stop();
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        msg: 'subscription cannot go on',
        err: expect.objectContaining({
          message: expect.stringContaining('wrong password'),
          stack: expect.any(String),
          code: 'ZT-HIGHWAY-DENIED',
        }),
      }),
    ]);
  });
});
