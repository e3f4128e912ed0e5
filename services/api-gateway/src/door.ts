import { createServer, type RequestListener } from 'node:http';
import type { GatewayConfig } from './config.ts';

/** The listening server. */
export interface Door {
  readonly address: string;
  /** Accepts nothing new, waits for what is under way. What still runs after the time limit is cut off. */
  close(): Promise<void>;
}

type DoorConfig = Pick<
  GatewayConfig,
  'HOST' | 'PORT' | 'HEADERS_TIMEOUT_MS' | 'REQUEST_TIMEOUT_MS' | 'STOP_TIMEOUT_MS'
>;

/** Listens. The time limits end connections that send their head or body a byte at a time (slow loris). */
export async function createDoor(listener: RequestListener, config: DoorConfig): Promise<Door> {
  const server = createServer(
    {
      headersTimeout: config.HEADERS_TIMEOUT_MS,
      requestTimeout: config.REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: Math.min(1000, config.HEADERS_TIMEOUT_MS),
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16_384,
    },
    listener,
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.PORT, config.HOST, 4096, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : config.PORT;
  return {
    address: `http://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}:${port}`,
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), config.STOP_TIMEOUT_MS);
      await closed;
      clearTimeout(cut);
    },
  };
}
