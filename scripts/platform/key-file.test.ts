import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { addKey } from './key-file.ts';

describe('addKey', () => {
  it('loses no key when several are made at once, and keeps only hashes that nobody else may read', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'zhongtai-keys-'));
    try {
      const path = join(directory, 'api-keys.json');
      const names = Array.from({ length: 12 }, (_, index) => `shop-${index}`);
      const clear = await Promise.all(names.map((name) => addKey(path, name, ['order'])));
      const text = readFileSync(path, 'utf8');
      const { keys }: { keys: { name: string }[] } = JSON.parse(text);
      expect(keys.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
      expect(new Set(clear).size).toBe(12);
      for (const key of clear) expect(text).not.toContain(key);
      expect(statSync(path).mode & 0o077).toBe(0);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
