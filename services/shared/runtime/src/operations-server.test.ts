import { describe, expect, it } from '@jest/globals';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { createOperationsServer } from './operations-server.ts';

describe('the operations server', () => {
  it('says where it listens while it does, and answers no more behind its stop', async () => {
    const server = createOperationsServer({
      registry: createMetrics(),
      ready: () => ({ ready: false, reasons: ['starting'] }),
      logger: createLogger({ name: 'test', level: 'silent' }),
      host: '127.0.0.1',
      port: 0,
    });
    expect(server.address).toBe('');
    await server.start();
    const { address } = server;
    expect((await fetch(`${address}/health`)).status).toBe(200);
    expect((await fetch(`${address}/ready`)).status).toBe(503);
    server.stop();
    await expect(fetch(`${address}/health`)).rejects.toThrow();
  });
});
