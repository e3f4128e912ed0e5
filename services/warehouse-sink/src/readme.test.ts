import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '@zhongtai/runtime';
import { environment, parseSinkConfig } from './config.ts';
import { createSinkMetrics } from './metrics.ts';

const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');

/** The rows of the README's table under a heading: what stands in their cells. */
function table(heading: string): string[][] {
  const [, section = ''] = readme.split(`## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  return own
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map((cells) => cells.slice(1, -1));
}

describe('README of the sink', () => {
  it('lists every variable with its default', () => {
    const defaults = parseSinkConfig({});
    const shown = { ...defaults, CLICKHOUSE_PASSWORD: '', VIEWS_DIRECTORY: 'infra/clickhouse' };
    const expected = Object.keys(environment.shape).map((name) => [
      name,
      String(Object.entries(shown).find(([key]) => key === name)?.[1]),
    ]);
    expect(table('Environment').map(([name, value]) => [name, value])).toEqual(expected);
  });
  it('lists every metric with its help', async () => {
    const registry = createMetrics();
    const none = {
      lagSeconds: () => new Map(),
      pendingSeconds: () => 0,
      blockedPartitions: () => 0,
      openBytes: () => 0,
    };
    createSinkMetrics(registry, none);
    const metrics = (await registry.getMetricsAsJSON()).map(({ name, help }) => [name, help]);
    expect(table('Metrics')).toEqual(metrics);
  });
});

describe('configuration of the sink', () => {
  it('reports every problem at once and shows no secret', () => {
    expect(() => parseSinkConfig({ CUT_ROWS: '0', PORT: 'x', CLUSTER: 'a b' })).toThrow(
      expect.objectContaining({
        problems: ['PORT', 'CLUSTER', 'CUT_ROWS'].map((name) => expect.stringContaining(name)),
      }),
    );
    const config = parseSinkConfig({ CLICKHOUSE_PASSWORD: 'hidden' });
    expect(JSON.stringify(config)).not.toContain('hidden');
    expect(config.CLICKHOUSE_PASSWORD.reveal()).toBe('hidden');
  });
});
