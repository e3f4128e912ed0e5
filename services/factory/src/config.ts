import { hostname } from 'node:os';
import { join } from 'node:path';
import { parseVaultKey } from '@zhongtai/domain';
import { addresses, integer, parseConfig, secret } from '@zhongtai/runtime';
import { isInstanceName } from '@zhongtai/streams';
import { z } from 'zod';
import { applications } from './applications.ts';
import { FactoryError } from './errors.ts';

/** The environment of a factory. The README's table repeats it. */
export const environment = z.object({
  KAFKA_BROKERS: addresses('127.0.0.1:9092'),
  SCHEMA_REGISTRY_URL: z.url().default('http://127.0.0.1:8081/apis/ccompat/v7'),
  PARTITIONS: integer(4, 1, 1024),
  REPLICATION_FACTOR: integer(1, 1, 7),
  HOST: z.string().default('127.0.0.1'),
  PORT: integer(8085, 0, 65_535),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  APPLICATION: z.enum(Object.keys(applications)).default('admit'),
  /** The same after a restart, or the process does not find its tasks' state again. */
  INSTANCE: z
    .string()
    .refine(isInstanceName, {
      error: 'must be letters, digits, dots, dashes and underscores, the first one no dot',
    })
    .default(`factory-${hostname().replaceAll(/[^\w.-]/g, '-')}`),
  STATE_DIRECTORY: z.string().default(join(import.meta.dirname, '../../../.local/factory')),
  COMMIT_MS: integer(100, 1, 10_000),
  SESSION_TIMEOUT_MS: integer(6000, 6000, 300_000),
  WAITING_BYTES: integer(4 * 1024 * 1024, 64 * 1024),
  POISON_PERCENT: integer(5, 1, 100),
  TOKEN_SECRET: secret(32),
  TOKEN_SECRET_VERSION: integer(1, 1),
  VAULT_KEY: secret().refine((key) => parseVaultKey(key.reveal()) !== undefined, {
    error: 'must be 32 bytes as 64 hex digits or as base64',
  }),
  TOKEN_CACHE_SIZE: integer(200_000, 1),
  TOKEN_CACHE_MS: integer(3_600_000, 1),
  MAX_STRING_LENGTH: integer(32_768, 16),
  MAX_ITEMS: integer(20_000, 1),
  MAX_DEPTH: integer(16, 1, 1000),
  MAX_FUTURE_MS: integer(3_600_000, 0),
});

export type FactoryConfig = Readonly<z.output<typeof environment>>;

/** @throws ConfigError with every problem at once. */
export function parseFactoryConfig(env: Readonly<Record<string, string | undefined>>): FactoryConfig {
  return parseConfig(environment, env);
}

/** The 32 bytes of the vault's key. */
export function vaultKeyOf({ VAULT_KEY: key }: Pick<FactoryConfig, 'VAULT_KEY'>): Buffer {
  const bytes = parseVaultKey(key.reveal());
  if (bytes === undefined) throw new FactoryError('ZT-FACTORY-VAULT-KEY', 'VAULT_KEY is not a key');
  return bytes;
}
