import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createKey, type Grant, readKeyFile } from '@zhongtai/api-gateway';

/** Adds a key to the gateway's file of hashed keys and returns its clear form, which nothing keeps. */
export async function addKey(path: string, name: string, allowed: readonly Grant[]): Promise<string> {
  const file = await readKeyFile(path);
  const { clearKey, stored } = createKey(name, allowed, new Date());
  await mkdir(dirname(path), { recursive: true });
  // Written aside and renamed: a running gateway reads the old file or the new one, never half of one.
  await writeFile(`${path}.new`, `${JSON.stringify({ keys: [...file.keys, stored] }, null, 2)}\n`, {
    mode: 0o600,
  });
  await rename(`${path}.new`, path);
  return clearKey;
}
