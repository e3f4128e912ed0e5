import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  type ClickHouseClient,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
} from '@clickhouse/client';
import { quoteName } from './columns.ts';
import { toWarehouseError, WarehouseError } from './errors.ts';
import { qualifiedName, type Table } from './table.ts';

export interface WarehouseOptions {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Shows up as the user agent; also the prefix of query ids. */
  readonly application: string;
  readonly requestTimeoutMs?: number;
  /** Requests at once; more wait. */
  readonly maxConnections?: number;
  /** Off by default: on one machine compressing costs more than it saves. */
  readonly compressRequests?: boolean;
}

export interface RowsInsert {
  readonly table: Pick<Table, 'database' | 'name'>;
  readonly columns: readonly string[];
  /** RowBinary; must stay as it is until the promise settles. */
  readonly body: Buffer;
  readonly rows: number;
  /** Makes a repeat of this insert do nothing. The same token must always mean the same rows. */
  readonly token: string;
  readonly signal?: AbortSignal;
}

/** The data warehouse, over HTTP. */
export interface Warehouse {
  command(statement: string, parameters?: Readonly<Record<string, unknown>>): Promise<void>;
  query<T>(statement: string, parameters?: Readonly<Record<string, unknown>>): Promise<T[]>;
  /**
   * Inserts rows as one block. Resolves when they are visible, or were already there under this token. After a
   * retryable rejection it is unknown whether they are: send the very same insert again.
   */
  insert(insert: RowsInsert): Promise<void>;
  ping(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * One insert must be one block: a token covers blocks, and a retry that is cut otherwise would lose rows. So the
 * limits at which the server cuts are put out of reach, and nothing is buffered or parsed in parallel.
 */
const oneBlock: ClickHouseSettings = {
  async_insert: 0,
  insert_deduplicate: 1,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  max_insert_block_size: '16777216',
  min_insert_block_size_rows: '16777216',
  min_insert_block_size_bytes: '1073741824',
  max_insert_threads: '1',
  input_format_parallel_parsing: 0,
  max_partitions_per_insert_block: '100',
  wait_end_of_query: 1,
};

function header(headers: object, name: string): string | undefined {
  const value: unknown = Object.entries(headers).find(([key]) => key === name)?.[1];
  return typeof value === 'string' ? value : undefined;
}

/** A server that fails after it began to answer says so in a header behind a status of 200. */
function assertNoException(headers: object, what: string): void {
  const exception = header(headers, 'x-clickhouse-exception-code');
  if (exception === undefined) return;
  throw toWarehouseError(
    { code: exception, type: 'EXCEPTION', message: 'failed after the answer began' },
    what,
  );
}

/**
 * The rows that the server says it wrote, when it says so: none when it knew the token, more when views that fill
 * other tables wrote theirs too.
 */
function assertWritten(summary: { written_rows: string } | undefined, rows: number, what: string): void {
  const written = Number(summary?.written_rows ?? 0);
  if (written === 0 || written >= rows) return;
  throw new WarehouseError('ZT-WAREHOUSE-REFUSED', `${what}: ${written} of ${rows} rows were written`);
}

async function sendRows(client: ClickHouseClient, queryId: string, insert: RowsInsert): Promise<void> {
  const { table, columns, body, rows, token, signal } = insert;
  const target = qualifiedName(table);
  const result = await client.exec({
    query: `INSERT INTO ${target} (${columns.map(quoteName).join(', ')}) FORMAT RowBinary`,
    values: Readable.from([body], { objectMode: false }),
    query_id: queryId,
    clickhouse_settings: { ...oneBlock, insert_deduplication_token: token },
    ...(signal === undefined ? {} : { abort_signal: signal }),
  });
  for await (const rest of result.stream) void rest;
  assertNoException(result.response_headers, target);
  assertWritten(result.summary, rows, target);
}

/** Nothing is contacted before the first call. */
export function createWarehouse(options: WarehouseOptions): Warehouse {
  const client = createClient({
    url: options.url,
    username: options.user,
    password: options.password,
    application: options.application,
    request_timeout: options.requestTimeoutMs ?? 60_000,
    // Failures are thrown; whoever catches them logs them.
    log: { level: ClickHouseLogLevel.OFF },
    max_open_connections: options.maxConnections ?? 8,
    compression: { response: false, request: options.compressRequests ?? false },
    // Below the server's own keep-alive (3 s in the cloud), so that no request goes into a closing socket.
    keep_alive: { enabled: true, idle_socket_ttl: 1000, eagerly_destroy_stale_sockets: true },
  });

  async function guarded<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toWarehouseError(error, what);
    }
  }

  return {
    async command(statement, parameters = {}) {
      await guarded('command', () => client.command({ query: statement, query_params: { ...parameters } }));
    },
    async query<T>(statement: string, parameters: Readonly<Record<string, unknown>> = {}) {
      return await guarded('query', async () => {
        const result = await client.query({
          query: statement,
          format: 'JSONEachRow',
          query_params: { ...parameters },
        });
        return await result.json<T>();
      });
    },
    async insert(insert) {
      const queryId = `${options.application}-${randomUUID()}`;
      await guarded(`insert ${queryId}`, () => sendRows(client, queryId, insert));
    },
    async ping() {
      return (await client.ping()).success;
    },
    async close() {
      await client.close();
    },
  };
}
