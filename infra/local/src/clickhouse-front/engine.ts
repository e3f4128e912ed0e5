import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What one finished statement gave. */
export interface RunResult {
  readonly bytes: Buffer;
  readonly elapsedSeconds: number;
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly rowsWritten: number;
  readonly bytesWritten: number;
}

/** One conversation with the engine, with its own settings and parameters; one statement at a time. */
export interface Connection {
  run(sql: string, format?: string): Promise<RunResult>;
  /** Runs an INSERT; the answer counts what was written, also through materialised views. */
  insert(sql: string): Promise<RunResult>;
  /** Blocks the calling thread while scalar subqueries are computed, so it is for lanes only. */
  stream(sql: string, format: string): AsyncGenerator<Buffer, void>;
  close(): void;
}

/** The part of chdb's native addon that carries bytes; the package's own functions allow text formats only. */
interface Addon {
  CreateConnection(directory: string, args?: readonly string[]): object;
  CloseConnection(connection: object): void;
  QueryAsyncConnection(
    connection: object,
    sql: string,
    format: string,
  ): Promise<{ bytes: Uint8Array; elapsed: number; rowsRead: number; bytesRead: number }>;
  InsertRawAsyncConnection(
    connection: object,
    sql: string,
    data: Uint8Array,
    countLines: boolean,
  ): Promise<{ elapsed: number; rowsWritten: number; bytesWritten: number }>;
  StreamQuery(connection: object, sql: string, format: string): object;
  StreamFetch(handle: object): Promise<{ bytes: Uint8Array; done: boolean }>;
  StreamCancel(handle: object): void;
}

function loadAddon(): Addon {
  const require = createRequire(import.meta.url);
  const loader: { loadNative(): Addon } = require(
    join(dirname(require.resolve('chdb')), 'dist', 'loader.js'),
  );
  return loader.loadNative();
}

const nothing = Buffer.alloc(0);
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

async function* chunksOf(
  addon: Addon,
  connection: object,
  sql: string,
  format: string,
): AsyncGenerator<Buffer, void> {
  const handle = addon.StreamQuery(connection, sql, format);
  let open = true;
  try {
    for (;;) {
      const chunk = await addon.StreamFetch(handle);
      if (chunk.done) {
        open = false;
        return;
      }
      if (chunk.bytes.length > 0) yield asBuffer(chunk.bytes);
    }
  } finally {
    if (open) addon.StreamCancel(handle);
  }
}

/**
 * Opens a connection to the engine of this process. The first one opens the data directory (and throws code
 * 76 when another process has it); the others share it. The process must keep one open: the engine closes
 * with its last connection, and a thread that ends closes the engine under all others.
 */
export function openConnection(directory: string, engineArguments: readonly string[] = []): Connection {
  const addon = loadAddon();
  const connection = addon.CreateConnection(directory, engineArguments);
  return {
    async run(sql, format = 'Null') {
      const result = await addon.QueryAsyncConnection(connection, sql, format);
      return {
        bytes: asBuffer(result.bytes),
        elapsedSeconds: result.elapsed,
        rowsRead: result.rowsRead,
        bytesRead: result.bytesRead,
        rowsWritten: 0,
        bytesWritten: 0,
      };
    },
    async insert(sql) {
      const result = await addon.InsertRawAsyncConnection(connection, sql, nothing, false);
      return {
        bytes: nothing,
        elapsedSeconds: result.elapsed,
        rowsRead: result.rowsWritten,
        bytesRead: result.bytesWritten,
        rowsWritten: result.rowsWritten,
        bytesWritten: result.bytesWritten,
      };
    },
    stream: (sql, format) => chunksOf(addon, connection, sql, format),
    close: () => addon.CloseConnection(connection),
  };
}
