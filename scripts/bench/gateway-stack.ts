import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '@zhongtai/local';

/** Where the bench finds Kafka and the registry. */
export interface BenchStack {
  readonly kafka: string;
  readonly registry: string;
  stop(): Promise<void>;
}

function log(line: string): void {
  console.error(line);
}

/** The addresses of the environment, else a stack of its own that is gone afterwards. */
export async function benchStack(): Promise<BenchStack> {
  const { KAFKA_BROKERS: kafka, SCHEMA_REGISTRY_URL: registry } = process.env;
  if (kafka !== undefined && registry !== undefined) {
    return { kafka, registry, stop: async () => undefined };
  }
  const directory = await mkdtemp(join(tmpdir(), 'bench-stack-'));
  const stack = await startStack({ directory, parts: ['kafka', 'registry'], ports: 'free', log });
  return {
    kafka: stack.endpoints.kafka,
    registry: `${stack.endpoints.registry}/apis/ccompat/v7`,
    async stop() {
      await stack.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
