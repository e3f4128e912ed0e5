import { createRequire } from 'node:module';
import { Session } from 'chdb';

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
  run(sql: string, format: string): Promise<RunResult>;
  stream(sql: string, format: string): AsyncGenerator<Buffer, void>;
  close(): void;
}

export interface Engine {
  connect(): Connection;
}
interface Native {
  QueryAsyncConnection(connection: unknown, sql: string, format: string): Promise<{ bytes: Buffer; elapsed: number; rowsRead: number; bytesRead: number }>;
  InsertRawAsyncConnection(connection: unknown, prefix: string, data: Buffer, count: boolean): Promise<{ elapsed: number; rowsWritten: number; bytesWritten: number }>;
  StreamQuery(connection: unknown, sql: string, format: string): unknown;
  StreamFetch(handle: unknown): Promise<{ bytes: Buffer; done: boolean }>;
  StreamCancel(handle: unknown): void;
}

export function openEngine(directory: string): Engine {
  const native: Native = createRequire(import.meta.url)('@chdb/lib-linux-x64-gnu');
  const keeper = new Session(directory);
  return {
    connect() {
      const session = new Session(keeper.path);
      return {
        async run(sql, format) {
          if (/^\s*INSERT/i.test(sql)) {
            const r = await native.InsertRawAsyncConnection(session.connection, sql, Buffer.alloc(0), false);
            return { bytes: Buffer.alloc(0), elapsedSeconds: r.elapsed, rowsRead: r.rowsWritten, bytesRead: r.bytesWritten, rowsWritten: r.rowsWritten, bytesWritten: r.bytesWritten };
          }
          const r = await native.QueryAsyncConnection(session.connection, sql, format);
          return { bytes: r.bytes, elapsedSeconds: r.elapsed, rowsRead: r.rowsRead, bytesRead: r.bytesRead, rowsWritten: 0, bytesWritten: 0 };
        },
        async *stream(sql, format) {
          const handle = native.StreamQuery(session.connection, sql, format);
          let done = false;
          try {
            for (;;) {
              const chunk = await native.StreamFetch(handle);
              done = chunk.done;
              if (done) return;
              yield chunk.bytes;
            }
          } finally {
            if (!done) native.StreamCancel(handle);
          }
        },
        close: () => session.close(),
      };
    },
  };
}
