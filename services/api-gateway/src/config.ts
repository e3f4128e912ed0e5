import { parseVaultKey } from '@zhongtai/domain';
import { addresses, integer, secret } from '@zhongtai/runtime';
import { z } from 'zod';

const MIB = 1024 * 1024;

/** The environment of the gateway. The README's table lists the same names; `parseConfig` reads it. */
export const gatewayConfigSchema = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: integer(8080, 0, 65_535),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  KAFKA_BROKERS: addresses('127.0.0.1:9092'),
  SCHEMA_REGISTRY_URL: z.url().default('http://127.0.0.1:8081/apis/ccompat/v7'),
  PARTITIONS: integer(4, 1, 1000),
  REPLICATION_FACTOR: integer(1, 1, 10),
  API_KEYS_FILE: z.string({ error: 'is required' }).min(1),
  API_KEYS_CHECK_MS: integer(1000, 50),
  TOKEN_SECRET: secret(32),
  TOKEN_SECRET_VERSION: integer(1, 1),
  VAULT_KEY: secret().refine((key) => parseVaultKey(key.reveal()) !== undefined, {
    error: 'must be 32 bytes as 64 hex digits or as base64',
  }),
  TOKEN_CACHE_SIZE: integer(200_000, 1),
  TOKEN_CACHE_MS: integer(3_600_000, 1),
  MAX_BODY_BYTES: integer(8 * MIB, 1024, 256 * MIB),
  MAX_EVENTS: integer(10_000, 1),
  MAX_STRING_LENGTH: integer(32_768, 16),
  MAX_ITEMS: integer(20_000, 1),
  MAX_DEPTH: integer(16, 1, 1000),
  MAX_RECORD_BYTES: integer(900_000, 1024),
  MAX_FUTURE_MS: integer(3_600_000, 0),
  MAX_IN_FLIGHT_BYTES: integer(128 * MIB, 1024),
  PUBLISH_TIMEOUT_MS: integer(10_000, 100),
  RETRY_AFTER_SECONDS: integer(1, 1, 3600),
  HEADERS_TIMEOUT_MS: integer(10_000, 100),
  REQUEST_TIMEOUT_MS: integer(30_000, 100),
  STOP_TIMEOUT_MS: integer(20_000, 100),
  START_TIMEOUT_MS: integer(60_000, 100),
});

/** The configuration of a gateway, parsed and frozen. */
export type GatewayConfig = Readonly<z.output<typeof gatewayConfigSchema>>;
