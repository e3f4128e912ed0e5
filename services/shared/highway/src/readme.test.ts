import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '@zhongtai/runtime';
import { highwayErrors } from './errors.ts';
import { createHighwayMetrics } from './metrics.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('the README', () => {
  it('lists every error with its kind, and no other', () => {
    const rows = [...readme.matchAll(/^\|\s*`(ZT-[A-Z-]+)`\s*\|\s*(\w+)\s*\|/gm)].map(([, code, kind]) => [
      code,
      kind,
    ]);
    expect(Object.fromEntries(rows)).toEqual(highwayErrors);
  });

  it('lists every metric, and no other', async () => {
    const registry = createMetrics();
    createHighwayMetrics(registry);
    const names = (await registry.getMetricsAsJSON()).map(({ name }) => name);
    const rows = [...readme.matchAll(/^\|\s*`(zhongtai_\w+)`\s*\|/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual(names.sort());
  });
});
