import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { applications } from './applications.ts';
import { environment, parseFactoryConfig } from './config.ts';
import { admitReasons } from './topologies/admit-reasons.ts';

const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');
const secrets = { TOKEN_SECRET: 's'.repeat(32), VAULT_KEY: 'a'.repeat(64) };

/** The rows of the README's table under a heading: what stands in their cells. */
function table(heading: string): string[][] {
  const [, section = ''] = readme.split(`${heading}\n`);
  const [own = ''] = section.split('\n## ');
  return own
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map((cells) => cells.slice(1, -1));
}

describe('README of the factory', () => {
  it('lists every application', () => {
    expect(table('# Factory 數據加工廠').map(([name]) => name)).toEqual(Object.keys(applications));
  });

  it('lists every variable with its default', () => {
    const shown = {
      ...parseFactoryConfig(secrets),
      TOKEN_SECRET: '',
      VAULT_KEY: '',
      INSTANCE: 'factory-(host name)',
      STATE_DIRECTORY: '.local/factory',
    };
    const expected = Object.keys(environment.shape).map((name) => [
      name,
      String(Object.entries(shown).find(([key]) => key === name)?.[1]),
    ]);
    expect(table('## Environment').map(([name, value]) => [name, value])).toEqual(expected);
  });

  it('lists every reason for which admit sets an event aside', () => {
    const shown = [...readme.matchAll(/^\| `(ZT-ADMIT-[A-Z-]+)` *\| (.*?) *\|$/gm)];
    expect(Object.fromEntries(shown.map(([, reason, what]) => [reason, what]))).toEqual(admitReasons);
  });
});

describe('configuration of the factory', () => {
  it('reports every problem at once and shows no secret', () => {
    expect(() => parseFactoryConfig({ PORT: 'x', INSTANCE: 'a b', VAULT_KEY: 'short' })).toThrow(
      expect.objectContaining({
        problems: ['PORT', 'INSTANCE', 'TOKEN_SECRET', 'VAULT_KEY'].map((name) =>
          expect.stringContaining(name),
        ),
      }),
    );
    expect(JSON.stringify(parseFactoryConfig(secrets))).not.toContain('ssss');
  });

  it.each(['..', '.', '.hidden', 'a/b', 'a b'])(
    'refuses the INSTANCE %s, which the state could not be kept under',
    (name) => {
      expect(() => parseFactoryConfig({ ...secrets, INSTANCE: name })).toThrow(
        expect.objectContaining({ problems: [expect.stringMatching(/^INSTANCE must be letters/)] }),
      );
    },
  );

  it('names the applications that there are, and what was given for a number', () => {
    expect(() => parseFactoryConfig({ ...secrets, APPLICATION: 'nope', COMMIT_MS: 'abc' })).toThrow(
      expect.objectContaining({
        problems: [
          'APPLICATION must be one of admit',
          'COMMIT_MS must be a whole number from 1 to 10000, not "abc"',
        ],
      }),
    );
  });
});
