import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '@zhongtai/runtime';
import { environment } from './clickhouse-front/config.ts';
import { createFrontMetrics } from './clickhouse-front/metrics.ts';
import { localErrors } from './errors.ts';
import { defaultPorts } from './ports.ts';

const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');

/** The rows of the README's tables under a heading: what stands in their cells. */
function table(heading: string): string[][] {
  const [, section = ''] = readme.split(`## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  return own
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map((cells) => cells.slice(1, -1));
}

describe('README of the local stack', () => {
  it('lists every variable of the front with its default', () => {
    const { CLICKHOUSE_FRONT_DIRECTORY, ...defaults } = environment.parse({ CLICKHOUSE_FRONT_DIRECTORY: '' });
    const secrets = { CLICKHOUSE_FRONT_PASSWORD: '', CLICKHOUSE_FRONT_ANALYST_PASSWORD: '' };
    const shown = new Map<string, unknown>(
      Object.entries({ CLICKHOUSE_FRONT_DIRECTORY, ...defaults, ...secrets }),
    );
    const expected = Object.keys(environment.shape).map((name) => [name, String(shown.get(name))]);
    expect(table('The ClickHouse front').map(([name, value]) => [name, value])).toEqual(expected);
  });

  it('lists every variable of the stack', async () => {
    const files = await readdir(import.meta.dirname);
    const texts = await Promise.all(
      files
        .filter((name) => name.endsWith('.ts'))
        .map((name) => readFile(join(import.meta.dirname, name), 'utf8')),
    );
    const read = texts.flatMap((text) => [...text.matchAll(/process\.env\['(ZHONGTAI_\w+)'\]/g)]);
    const names = new Set(read.map(([, name]) => name));
    expect(table('Environment').map(([name]) => name)).toEqual(expect.arrayContaining([...names]));
    expect(table('Environment')).toHaveLength(names.size);
  });

  it('lists every part with its port', () => {
    const ports = table('Parts').map(([name, port]) => [name, Number(port)]);
    expect(Object.fromEntries(ports)).toEqual(defaultPorts);
  });

  it('lists every metric with its help', async () => {
    const registry = createMetrics();
    createFrontMetrics(registry, { waiting: () => 0, running: () => 0, bodyBytes: () => 0 });
    const metrics = (await registry.getMetricsAsJSON()).map(({ name, help }) => [name, help]);
    expect(table('Metrics')).toEqual(metrics);
  });

  it('lists every error and what it means for the work', () => {
    const rows = table('Errors').map(([code, failure]) => [code, failure]);
    expect(Object.fromEntries(rows)).toEqual(localErrors);
  });
});
