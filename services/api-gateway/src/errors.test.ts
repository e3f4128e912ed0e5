import { glob, readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { gatewayFaultCodes, refusalCodes, requestRefusals } from './errors.ts';

describe('the list of codes', () => {
  it('holds each ZT-GATEWAY code that stands anywhere in the source, with a word on it', async () => {
    const list = await readFile(new URL('./errors.ts', import.meta.url), 'utf8');
    const listed = [...refusalCodes, ...Object.keys(requestRefusals), ...gatewayFaultCodes];
    const used = new Set<string>();
    for await (const file of glob('**/*.ts', { cwd: import.meta.dirname })) {
      if (file.endsWith('.test.ts')) continue;
      const text = await readFile(`${import.meta.dirname}/${file}`, 'utf8');
      for (const [code] of text.matchAll(/ZT-GATEWAY-[A-Z0-9-]+/g)) used.add(code);
    }
    expect([...used].sort()).toEqual(listed.toSorted());
    for (const code of listed) expect(list).toMatch(new RegExp(`\\*/\\n  '${code}'`));
  });
});
