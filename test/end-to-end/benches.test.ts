import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');

interface Ended {
  readonly code: number | null;
  readonly figures: Record<string, unknown>;
}

/** Runs a bench over very little work. Whether its goal holds on so little says nothing; that it measures does. */
function bench(script: string, env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [`scripts/bench/${script}`], {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
    });
    let said = '';
    child.stdout.on('data', (chunk) => (said += chunk));
    child.stderr.on('data', (chunk) => (said += chunk));
    child.once('error', failed);
    child.once('close', (code) => {
      const line = said.split('\n').findLast((text) => text.startsWith('{')) ?? '';
      try {
        done({ code, figures: JSON.parse(line) });
      } catch {
        failed(new Error(`${script} ended with ${code} and no line of figures:\n${said}`));
      }
    });
  });
}

describe('the benches', () => {
  it('measure topic to table beside raw inserts, and exit by whether the goal holds', async () => {
    const { code, figures } = await bench('sink.ts', { RECORDS: '4000' });
    expect(figures).toMatchObject({ bench: 'sink', rows: 4000, doubled: 0, goalRowsPerSecond: 40_000 });
    expect(figures['rowsPerSecond']).toBeGreaterThan(0);
    expect(figures['rawRowsPerSecond']).toBeGreaterThan(0);
    expect(code).toBe(figures['holds'] === true ? 0 : 1);
  }, 120_000);

  it('measure the gateway beside a bare server and the broker’s own producer, and exit by the goals', async () => {
    const { code, figures } = await bench('gateway.ts', { SECONDS: '1', CONNECTIONS: '32' });
    expect(figures).toMatchObject({
      bench: 'gateway',
      batches: { refused: 0 },
      singles: { refused: 0 },
      ratios: { singlesToBare: expect.any(Number), batchesToProducer: expect.any(Number) },
    });
    expect(code).toBe(figures['ok'] === true ? 0 : 1);
  }, 120_000);
});
