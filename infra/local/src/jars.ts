import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { localError } from './errors.ts';
import { readIfThere, withLock } from './files.ts';
import { findMaven } from './machine.ts';

const pom = fileURLToPath(new URL('../pom.xml', import.meta.url));
const defaultCache = fileURLToPath(new URL('../../../node_modules/.cache/zhongtai', import.meta.url));
const fetchLimitMs = 15 * 60_000;
const digestLength = 16;

/** Where the Java parts lie after Maven fetched them. */
export interface Jars {
  /** Holds all of them, and what is made of them. */
  readonly folder: string;
  readonly kafka: string;
  readonly registry: string;
}

/** Fills a folder with all that the pom names. */
export type Fetch = (target: string, signal?: AbortSignal) => Promise<void>;

/**
 * The jars of the pinned versions, fetched once per machine and kept outside of git. A folder counts only
 * when every file of its manifest is there in full size, so a fetch that was cut off, or a file that somebody
 * deleted, is fetched anew.
 */
export async function provideJars(
  log: (line: string) => void,
  cache: string = process.env['ZHONGTAI_CACHE'] ?? defaultCache,
  fetch: Fetch = fetchWithMaven,
  signal?: AbortSignal,
): Promise<Jars> {
  const digest = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
    .slice(0, digestLength);
  const folder = `${cache}/jars-${digest}`;
  if (!(await isWhole(folder))) {
    await mkdir(cache, { recursive: true });
    await withLock(folder, fetchLimitMs, async () => {
      if (await isWhole(folder)) return;
      log('fetching Kafka and the registry from Maven Central (once, about 160 MB)');
      const draft = `${folder}.draft`;
      await rm(draft, { recursive: true, force: true });
      await fetch(draft, signal);
      await writeFile(`${draft}/manifest.json`, JSON.stringify(await sizesOf(draft)));
      await rm(folder, { recursive: true, force: true });
      await rename(draft, folder);
    });
  }
  return { folder, kafka: `${folder}/kafka`, registry: `${folder}/registry` };
}

async function isWhole(folder: string): Promise<boolean> {
  const manifest = await readIfThere(`${folder}/manifest.json`);
  if (manifest === undefined) return false;
  const found = await sizesOf(folder);
  const wanted = new Map<string, unknown>(Object.entries(JSON.parse(manifest)));
  return wanted.size > 0 && [...wanted].every(([name, size]) => found[name] === size);
}

async function sizesOf(folder: string): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const name of await readdir(folder, { recursive: true })) {
    if (name === 'manifest.json' || name.startsWith('archives-')) continue;
    const found = await stat(`${folder}/${name}`);
    if (found.isFile()) sizes[name] = found.size;
  }
  return sizes;
}

async function fetchWithMaven(target: string, signal?: AbortSignal): Promise<void> {
  const maven = findMaven();
  const args = ['-q', '-B', '-U', '-f', pom, `-Dtarget=${target}`, 'generate-resources'];
  const output: Buffer[] = [];
  const child = spawn(maven, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status === 0) return;
  throw localError(
    'ZT-LOCAL-FETCH',
    `Maven could not fetch the jars: ${Buffer.concat(output).toString().slice(0, 2_000)}`,
  );
}
