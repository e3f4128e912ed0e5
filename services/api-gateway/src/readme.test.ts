import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '@zhongtai/runtime';
import { gatewayConfigSchema } from './config.ts';
import { requestRefusals } from './errors.ts';
import { createGatewayMetrics } from './metrics.ts';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

/** First cells of the table below a heading, without their backquotes. */
function table(heading: string): string[][] {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split(/\n{2,}|^\n/).find((block) => block.startsWith('|')) ?? '';
  return rows
    .trim()
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

describe('the tables of the README', () => {
  it('name every variable with its default', () => {
    const parsed = gatewayConfigSchema.parse({
      API_KEYS_FILE: 'x',
      TOKEN_SECRET: 'x'.repeat(32),
      VAULT_KEY: '0'.repeat(64),
    });
    const required = new Set(['API_KEYS_FILE', 'TOKEN_SECRET', 'VAULT_KEY']);
    const expected = Object.entries(parsed).map(([name, value]) => [
      name,
      required.has(name) ? 'required' : String(value),
    ]);
    expect(
      table('Environment')
        .map(([name, value]) => [name, value])
        .sort(),
    ).toEqual(expected.sort());
  });

  it('name every metric with its labels', async () => {
    const registry = createMetrics();
    createGatewayMetrics(registry, { bytesInFlight: 0, cachedTokens: 0, keys: 0 });
    const names = registry.getMetricsAsArray().map(({ name }) => name);
    expect(
      table('Metrics')
        .map(([name]) => name)
        .sort(),
    ).toEqual(names.sort());
  });

  it('name every status', () => {
    const listed = table('HTTP')[0]?.[1]?.split(', ').map(Number);
    const statuses = new Set([202, 403, 429, ...Object.values(requestRefusals)]);
    expect(listed).toEqual([...statuses].sort());
  });
});
