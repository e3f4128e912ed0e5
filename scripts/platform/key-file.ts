import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createKey, type Grant, readKeyFile } from '@zhongtai/api-gateway';
import { withLock } from '@zhongtai/local';

/** A lock older than this belongs to a process that died. */
const STALE_MS = 5_000;

/** Adds a key to the gateway's file of hashed keys and returns its clear form, which nothing keeps. */
export async function addKey(path: string, name: string, allowed: readonly Grant[]): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const { clearKey, stored } = createKey(name, allowed, new Date());
  await withLock(path, STALE_MS, async () => {
    const file = await readKeyFile(path);
    // Written aside and renamed: a running gateway reads the old file or the new one, never half of one.
    await writeFile(`${path}.new`, `${JSON.stringify({ keys: [...file.keys, stored] }, null, 2)}\n`, {
      mode: 0o600,
    });
    await rename(`${path}.new`, path);
  });
  return clearKey;
}
