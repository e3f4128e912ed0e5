import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { proveExactlyOnce } from '@zhongtai/scripts/prove/exactly-once/prove-exactly-once.ts';

/** The short form of `make prove-exactly-once`. */
describe('processes and broker are killed, frozen, added and removed while an application runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'prove-exactly-once-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('loses nothing, doubles nothing, keeps the order of each key, and its stores equal a rebuild', async () => {
    const lines: string[] = [];
    const figures = await proveExactlyOnce({
      folder,
      kills: 10,
      seed: 5,
      ordersPerSecond: 400,
      grace: 'wide',
      log: (line) => lines.push(line),
    });
    expect({ faults: figures.faults, lines }).toEqual({ faults: [], lines });
    expect(figures).toMatchObject({ kills: 10, lost: 0, doubled: 0, outOfOrder: 0, late: 0 });
    expect(figures.stores.entries).toBeGreaterThan(1_000);
  }, 400_000);
});
