import { createHighway, type Highway, type OutMessage } from '@zhongtai/highway';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { listenerOf } from '../gateway-machine.ts';
import { type BenchStack, benchStack } from '../gateway-stack.ts';
import { type Fed, partitions } from './cases.ts';
import { type BenchCodec, benchContract, eventTopic, prepareCodec, resultTopic } from './records.ts';

/** Where the bench runs, and the one client that feeds and watches. */
export interface Platform {
  readonly stack: BenchStack;
  readonly highway: Highway;
  readonly codec: BenchCodec;
  readonly brokerPid: number;
  message(topic: string, fed: Fed): OutMessage;
  /** Event topics that feed a case, and topics of its results. */
  ensureTopics(inputs: readonly string[], outputs: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export function benchHighway(stack: Pick<BenchStack, 'kafka' | 'registry'>, clientId: string): Highway {
  return createHighway({
    brokers: stack.kafka.split(','),
    registryUrl: stack.registry,
    clientId,
    partitions,
    logger: createLogger({ name: clientId, level: 'error' }),
    metrics: createMetrics(),
    contract: benchContract,
  });
}

export async function openPlatform(): Promise<Platform> {
  const stack = await benchStack();
  const highway = benchHighway(stack, 'bench-streams');
  const brokerPid = await listenerOf(Number(stack.kafka.split(':').at(-1)));
  if (brokerPid === undefined) throw new Error(`no process of this machine listens at ${stack.kafka}`);
  const codec = await prepareCodec(highway.codec);
  return {
    stack,
    highway,
    codec,
    brokerPid,
    message: (topic, { event, timestampMs }) => ({
      topic,
      key: event.customer,
      value: codec.encodeEvent(event),
      timestampMs,
    }),
    ensureTopics: (inputs, outputs) =>
      highway.admin.ensureTopics([...inputs.map(eventTopic), ...outputs.map(resultTopic)]),
    async close() {
      await highway.close();
      await stack.stop();
    },
  };
}
