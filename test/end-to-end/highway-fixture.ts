import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHighway, type Highway, type HighwayOptions, type TopicRef } from '@zhongtai/highway';
import { type Stack, startStack } from '@zhongtai/local';
import { createLogger, createMetrics } from '@zhongtai/runtime';

export interface Thing {
  readonly id: string;
  readonly n: number;
}

export const recordName = 'zhongtai.test.Thing';
const fields = [
  { name: 'id', type: 'string' },
  { name: 'n', type: 'long', default: 0 },
];
export const thingText = (more: readonly object[] = []) =>
  JSON.stringify({ type: 'record', name: recordName, fields: [...fields, ...more] });

/** Topic names of this run alone, so that runs on a shared broker do not meet. */
const run = `hwt-${process.pid}-${Date.now().toString(36)}`;
let topics = 0;

export const record = { name: recordName, key: (thing: Thing) => thing.id };

export function newTopic(partitions: TopicRef['partitions'] = 'P'): TopicRef {
  return { name: `${run}.t${++topics}`, partitions, retentionMs: 3_600_000, records: [record] };
}

export interface Addresses {
  readonly kafka: string;
  readonly registry: string;
  stop(): Promise<void>;
}

/** Brokers from the environment, else a small stack of our own. */
export async function addresses(parts: ('kafka' | 'registry')[]): Promise<Addresses> {
  const { KAFKA_BROKERS: kafka, SCHEMA_REGISTRY_URL: registry } = process.env;
  if (kafka !== undefined && registry !== undefined) return { kafka, registry, stop: async () => undefined };
  const { stack, stop } = await ownStack(parts);
  const registryUrl = `${stack.endpoints.registry ?? ''}/apis/ccompat/v7`;
  return { kafka: stack.endpoints.kafka ?? '', registry: registryUrl, stop };
}

export async function ownStack(
  parts: ('kafka' | 'registry')[],
): Promise<{ stack: Stack; directory: string; stop(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'zhongtai-highway-'));
  const stack = await startStack({ directory, parts, ports: 'free' });
  return {
    stack,
    directory,
    stop: async () => {
      await stack.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const deadLetterTopic: TopicRef = {
  name: `${run}.dead-letter`,
  partitions: 1,
  retentionMs: 3_600_000,
  records: [{ name: 'zhongtai.platform.DeadLetter', key: () => null }],
};

export function highwayAt(
  { kafka, registry }: Pick<Addresses, 'kafka' | 'registry'>,
  options: Partial<HighwayOptions> & { text?: string; letterText?: string } = {},
): Highway {
  const { text = thingText(), letterText = text, ...rest } = options;
  return createHighway({
    brokers: [kafka],
    registryUrl: registry,
    clientId: 'highway-test',
    partitions: 4,
    logger: createLogger({ name: 'highway-test', level: 'silent' }),
    metrics: createMetrics(),
    contract: {
      schemaText: (name) => (name === recordName ? text : letterText),
      subjectOf: (topic) => `${topic.name}-value`,
      deadLetterTopic,
    },
    ...rest,
  });
}

export { deadLetterTopic };

/** Waits until `holds` is true; fails with the last state after `withinMs`. */
export async function eventually(holds: () => boolean, withinMs = 15_000): Promise<void> {
  const until = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > until) throw new Error(`did not come true within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
