import { availableParallelism } from 'node:os';
import { integer, parseConfig, Secret } from '@zhongtai/runtime';
import { z } from 'zod';
import type { QueueLimits } from './queue.ts';

const password = z
  .string()
  .default('')
  .transform((value) => new Secret(value));

/** One line for each variable; the README's table is checked against it. */
export const environment = z.object({
  /** Data of the engine; one process owns it. */
  CLICKHOUSE_FRONT_DIRECTORY: z.string(),
  CLICKHOUSE_FRONT_HOST: z.string().default('127.0.0.1'),
  CLICKHOUSE_FRONT_PORT: integer(8123, 0, 65_535),
  /** Password of `default`, who may do everything but leave the data directory. */
  CLICKHOUSE_FRONT_PASSWORD: password,
  CLICKHOUSE_FRONT_ANALYST_PASSWORD: password,
  /** Statements that run at once. Each lane is a thread. */
  CLICKHOUSE_FRONT_LANES: integer(6, 2, 32),
  /** Lanes that analysts may hold together; the others stay free for inserts. */
  CLICKHOUSE_FRONT_ANALYST_LANES: integer(2, 1, 31),
  /** Statements of services that may wait for a lane. */
  CLICKHOUSE_FRONT_QUEUE: integer(128, 0, 100_000),
  /** Statements of analysts that may wait; they take no service's place. */
  CLICKHOUSE_FRONT_ANALYST_QUEUE: integer(32, 0, 100_000),
  /** How long one may wait for a lane. */
  CLICKHOUSE_FRONT_QUEUE_SECONDS: integer(30, 1, 3600),
  /** One body, decompressed; all bodies together may have twice that. */
  CLICKHOUSE_FRONT_MAX_BODY_MIB: integer(256, 1, 2048),
  /** A statement without the data of an INSERT (`max_query_size` of ClickHouse), and an analyst's whole body. */
  CLICKHOUSE_FRONT_MAX_QUERY_KIB: integer(256, 1, 16_384),
  /** How long a client may send nothing of its body or take nothing of its answer. */
  CLICKHOUSE_FRONT_IDLE_SECONDS: integer(30, 1, 3600),
  CLICKHOUSE_FRONT_ANALYST_SECONDS: integer(30, 1, 3600),
  CLICKHOUSE_FRONT_ANALYST_MEMORY_MIB: integer(1024, 16, 1_048_576),
  CLICKHOUSE_FRONT_ANALYST_RESULT_ROWS: integer(1_000_000, 1, 1_000_000_000),
  CLICKHOUSE_FRONT_ANALYST_READ_ROWS: integer(1_000_000_000, 1),
  /** 1: an insert is answered only after fsync. Needed against a loss of power, not against kill -9. */
  CLICKHOUSE_FRONT_FSYNC: z.enum(['0', '1']).default('0'),
  /** Memory for all queries together. */
  CLICKHOUSE_FRONT_MEMORY_MIB: integer(4096, 256, 1_048_576),
  LOG_LEVEL: z.string().default('info'),
});

export interface AnalystLimits {
  readonly seconds: number;
  readonly memoryBytes: number;
  readonly resultRows: number;
  readonly readRows: number;
  readonly threads: number;
}

export interface FrontConfig {
  readonly directory: string;
  readonly host: string;
  readonly port: number;
  readonly password: Secret;
  readonly analystPassword: Secret;
  readonly lanes: number;
  readonly analystLanes: number;
  readonly queue: QueueLimits;
  readonly maxBodyBytes: number;
  readonly maxQueryBytes: number;
  readonly idleMs: number;
  readonly analyst: AnalystLimits;
  readonly fsync: boolean;
  readonly memoryBytes: number;
  readonly logLevel: string;
}

const mib = 1024 * 1024;

/** Reads the front's configuration out of the environment. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): FrontConfig {
  const given = parseConfig(environment, env);
  return {
    directory: given.CLICKHOUSE_FRONT_DIRECTORY,
    host: given.CLICKHOUSE_FRONT_HOST,
    port: given.CLICKHOUSE_FRONT_PORT,
    password: given.CLICKHOUSE_FRONT_PASSWORD,
    analystPassword: given.CLICKHOUSE_FRONT_ANALYST_PASSWORD,
    lanes: given.CLICKHOUSE_FRONT_LANES,
    analystLanes: Math.min(given.CLICKHOUSE_FRONT_ANALYST_LANES, given.CLICKHOUSE_FRONT_LANES - 1),
    queue: {
      service: given.CLICKHOUSE_FRONT_QUEUE,
      analyst: given.CLICKHOUSE_FRONT_ANALYST_QUEUE,
      maxWaitMs: given.CLICKHOUSE_FRONT_QUEUE_SECONDS * 1000,
    },
    maxBodyBytes: given.CLICKHOUSE_FRONT_MAX_BODY_MIB * mib,
    maxQueryBytes: given.CLICKHOUSE_FRONT_MAX_QUERY_KIB * 1024,
    idleMs: given.CLICKHOUSE_FRONT_IDLE_SECONDS * 1000,
    analyst: {
      seconds: given.CLICKHOUSE_FRONT_ANALYST_SECONDS,
      memoryBytes: given.CLICKHOUSE_FRONT_ANALYST_MEMORY_MIB * mib,
      resultRows: given.CLICKHOUSE_FRONT_ANALYST_RESULT_ROWS,
      readRows: given.CLICKHOUSE_FRONT_ANALYST_READ_ROWS,
      threads: Math.max(1, Math.floor(availableParallelism() / 2)),
    },
    fsync: given.CLICKHOUSE_FRONT_FSYNC === '1',
    memoryBytes: given.CLICKHOUSE_FRONT_MEMORY_MIB * mib,
    logLevel: given.LOG_LEVEL,
  };
}
