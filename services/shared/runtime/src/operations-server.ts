import { once } from 'node:events';
import type { Server } from 'node:http';
import { createOperationsApp, type OperationsOptions } from './operations.ts';

export interface OperationsServerOptions extends OperationsOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** The operations routes of a process that serves nothing else over HTTP. */
export interface OperationsServer {
  /** Where it listens; empty before the start. */
  readonly address: string;
  start(): Promise<void>;
  /** At once, whoever is being answered. */
  stop(): void;
}

export function createOperationsServer(options: OperationsServerOptions): OperationsServer {
  const app = createOperationsApp(options);
  let server: Server | null = null;
  return {
    get address() {
      const bound = server?.address();
      return typeof bound === 'object' && bound !== null ? `http://${bound.address}:${bound.port}` : '';
    },
    async start() {
      server = app.listen(options.port, options.host);
      await once(server, 'listening');
    },
    stop() {
      server?.closeAllConnections();
      server?.close();
    },
  };
}
