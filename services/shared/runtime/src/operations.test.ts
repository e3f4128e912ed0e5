import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { createLogger } from './logger.ts';
import { Counter, createMetrics } from './metrics.ts';
import { createOperationsApp, type Readiness } from './operations.ts';

async function served(
  readiness: Readiness | Error,
  check: (base: string) => Promise<void>,
  lines: string[] = [],
): Promise<void> {
  const registry = createMetrics();
  new Counter({ name: 'zhongtai_test_things_total', help: 'things', registers: [registry] }).inc(3);
  const logger = createLogger({ name: 'test', destination: { write: (line) => lines.push(line) } });
  const ready = () => {
    if (readiness instanceof Error) throw readiness;
    return readiness;
  };
  const server = createOperationsApp({ registry, ready, logger }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    await check(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('createOperationsApp', () => {
  it('answers health, readiness and metrics', async () => {
    await served({ ready: true, reasons: [] }, async (base) => {
      expect((await fetch(`${base}/health`)).status).toBe(200);
      expect((await fetch(`${base}/ready`)).status).toBe(200);
      expect(await (await fetch(`${base}/metrics`)).text()).toContain('zhongtai_test_things_total 3');
    });
  });

  it('is up but not ready when work does not move, and says why', async () => {
    await served({ ready: false, reasons: ['kafka is away'] }, async (base) => {
      expect((await fetch(`${base}/health`)).status).toBe(200);
      const ready = await fetch(`${base}/ready`);
      expect(ready.status).toBe(503);
      expect(await ready.json()).toEqual({ ready: false, reasons: ['kafka is away'] });
    });
  });

  it('says nothing of its inside when a check throws; the log does', async () => {
    const lines: string[] = [];
    const check = async (base: string) => {
      const answer = await fetch(`${base}/ready`);
      expect([answer.status, await answer.json()]).toEqual([
        500,
        { error: 'the check itself failed; the log says why' },
      ]);
    };
    await served(new Error('no such table: members'), check, lines);
    expect(lines.join()).toContain('no such table: members');
  });
});
