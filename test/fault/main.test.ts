import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { openSamples } from '@zhongtai/scripts/datasets/index.ts';
import { proveMain } from '@zhongtai/scripts/prove/main/prove-main.ts';

/** The short form of `make prove-main`: samples instead of a retailer's year, each part killed once. */
describe('every part is killed while events come in', () => {
  const folder = mkdtempSync(join(tmpdir(), 'prove-main-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('loses nothing, doubles nothing and shows no clear identifier', async () => {
    const lines: string[] = [];
    const figures = await proveMain({
      folder,
      dataset: openSamples({ rounds: 290 }),
      planted: 1_000,
      batchSize: 200,
      kills: 6,
      seed: 11,
      idleSeconds: 0,
      env: { SESSION_TIMEOUT_MS: '6000' },
      log: (line) => lines.push(line),
    });
    expect({ faults: figures.faults, lines }).toEqual({ faults: [], lines });
    expect(figures).toMatchObject({
      kills: 6,
      killsByVictim: {
        'api-gateway': 1,
        factory: 1,
        kafka: 1,
        'warehouse-sink': 1,
        clickhouse: 1,
        registry: 1,
      },
      accepted: 21_010,
      distinct: 21_010,
      missing: 0,
      repeatsOnHighway: 0,
    });
  }, 300_000);
});
