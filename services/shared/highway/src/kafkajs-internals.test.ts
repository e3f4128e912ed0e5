import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';

const require = createRequire(import.meta.url);
const textOf = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const declared = [...textOf('./kafkajs-internals.d.ts').matchAll(/declare module '(.+)'/g)].map(
  ([, name = '']) => name,
);

describe('the inner modules of kafkajs', () => {
  it('are those of the version that was read, and no other may be installed', () => {
    const wanted = JSON.parse(textOf('../package.json')).dependencies.kafkajs;
    expect(wanted).toBe('2.2.4');
    expect(require('kafkajs/package.json').version).toBe(wanted);
  });

  it.each(declared)('%s is there', (name) => {
    expect(require(name)).toBeDefined();
  });
});
