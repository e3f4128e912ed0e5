/** Where the bench finds Kafka, the registry and the folder of Kafka's jars. */
export interface BenchStack {
  readonly kafka: string;
  readonly registry: string;
  readonly jars: string;
  stop(): Promise<void>;
}

/** The addresses of the environment. */
export async function benchStack(): Promise<BenchStack> {
  return {
    kafka: process.env['KAFKA_BROKERS'] ?? '127.0.0.1:9092',
    registry: process.env['SCHEMA_REGISTRY_URL'] ?? 'http://127.0.0.1:8081/apis/ccompat/v7',
    jars: process.env['KAFKA_JARS'] ?? '/tmp/stackcache/kafka',
    stop: async () => undefined,
  };
}
