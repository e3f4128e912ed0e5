import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { provideJars } from './jars.ts';

describe('the cache of jars', () => {
  let cache: string;
  let fetched = 0;
  const fetch = async (target: string) => {
    fetched += 1;
    for (const part of ['kafka', 'registry']) {
      await mkdir(join(target, part), { recursive: true });
      await writeFile(join(target, part, 'a.jar'), 'whole');
    }
  };
  const provide = () => provideJars(() => {}, cache, fetch);

  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'zhongtai-jars-'));
    fetched = 0;
  });
  afterEach(() => rm(cache, { recursive: true, force: true }));

  it('fetches once, even when several ask at the same time', async () => {
    const all = await Promise.all([provide(), provide(), provide()]);
    await provide();
    expect(fetched).toBe(1);
    expect(await readFile(join(all[0].kafka, 'a.jar'), 'utf8')).toBe('whole');
  });

  it('heals: a file that is missing or cut off is fetched again', async () => {
    const { kafka, registry } = await provide();
    await writeFile(join(kafka, 'a.jar'), 'who');
    await provide();
    await rm(join(registry, 'a.jar'));
    await provide();
    expect(fetched).toBe(3);
    expect(await readFile(join(kafka, 'a.jar'), 'utf8')).toBe('whole');
  });

  it('does not take what a broken fetch left for whole', async () => {
    const broken = async (target: string) => {
      await mkdir(join(target, 'kafka'), { recursive: true });
      throw new Error('line is down');
    };
    await expect(provideJars(() => {}, cache, broken)).rejects.toThrow('line is down');
    await provide();
    expect(fetched).toBe(1);
  });
});
