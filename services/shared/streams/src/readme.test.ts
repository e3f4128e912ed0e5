import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { createEngineMetrics } from './engine/metrics.ts';
import { defaultLimits } from './engine/options.ts';
import { streamsErrors } from './errors.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The first two cells of the rows of the table under a heading. */
function table(heading: string): Record<string, string> {
  const [own = ''] = (readme.split(`\n## ${heading}\n`)[1] ?? '').split('\n## ');
  const rows = own.matchAll(/^\|\s*`([^`]+)`\s*\|\s*(.*?)\s*\|/gm);
  return Object.fromEntries([...rows].map(([, name = '', cell = '']) => [name, cell]));
}

describe('the README', () => {
  it('lists every error with what it means, and no other', () => {
    expect(table('Errors')).toEqual(streamsErrors);
  });

  it('lists every metric with its help, and no other', async () => {
    const registry = new Registry();
    createEngineMetrics(registry, { application: 'app', tasks: () => [] }, () => 0);
    const metrics = await registry.getMetricsAsJSON();
    expect(table('Metrics')).toEqual(Object.fromEntries(metrics.map(({ name, help }) => [name, help])));
  });

  it('lists every limit with its default, and no other', () => {
    const limits = Object.entries(defaultLimits).map(([name, value]) => [name, String(value)]);
    expect(table('Limits')).toEqual(Object.fromEntries(limits));
  });
});
