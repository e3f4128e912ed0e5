import { join } from 'node:path';
import { addresses, integer, parseConfig, Secret } from '@zhongtai/runtime';
import { z } from 'zod';

const defaultViews = join(import.meta.dirname, '../../../infra/clickhouse');

/** The environment of the sink. The README's table repeats it. */
export const environment = z.object({
  KAFKA_BROKERS: addresses('127.0.0.1:9092'),
  SCHEMA_REGISTRY_URL: z.url().default('http://127.0.0.1:8081/apis/ccompat/v7'),
  CLICKHOUSE_URL: z.url().default('http://127.0.0.1:8123'),
  CLICKHOUSE_USER: z.string().default('default'),
  CLICKHOUSE_PASSWORD: z
    .string()
    .default('')
    .transform((value) => new Secret(value)),
  PARTITIONS: integer(4, 1, 1024),
  REPLICATION_FACTOR: integer(1, 1, 7),
  HOST: z.string().default('127.0.0.1'),
  PORT: integer(8084, 0, 65_535),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  /** Part of every token: two platforms that fill one warehouse must not share it. */
  CLUSTER: z
    .string()
    .regex(/^[\w.-]+$/, { error: 'must be letters, digits, dots and dashes' })
    .default('zhongtai'),
  GROUP_ID: z.string().min(1).default('warehouse-sink'),
  CUT_ROWS: integer(50_000, 1, 1_000_000),
  CUT_BYTES: integer(16 * 1024 * 1024, 1024, 128 * 1024 * 1024),
  LINGER_MS: integer(250, 0, 60_000),
  BEHIND_LINGER_MS: integer(1000, 0, 60_000),
  INSERTS_AT_ONCE: integer(4, 1, 64),
  MEMORY_BYTES: integer(256 * 1024 * 1024, 1024 * 1024),
  SESSION_TIMEOUT_MS: integer(10_000, 6000, 300_000),
  VIEWS_DIRECTORY: z.string().default(defaultViews),
});

export type SinkConfig = Readonly<z.output<typeof environment>>;

/** @throws ConfigError with every problem at once. */
export function parseSinkConfig(env: Readonly<Record<string, string | undefined>>): SinkConfig {
  return parseConfig(environment, env);
}
