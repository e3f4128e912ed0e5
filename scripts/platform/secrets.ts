import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { grants } from '@zhongtai/api-gateway';
import { addKey } from './key-file.ts';

/** What a local platform keeps to itself, in files that only their owner may read. */
export interface LocalSecrets {
  readonly tokenSecret: string;
  readonly vaultKey: string;
  /** An API key for everything, in clear, for the demo and the proofs. */
  readonly apiKey: string;
}

/** The gateway's file of hashed keys. */
export function apiKeysFile(directory: string): string {
  return join(directory, 'api-keys.json');
}

/** Reads the secrets of a local platform, or makes them the first time. They outlive restarts, as tokens must. */
export async function localSecrets(directory: string): Promise<LocalSecrets> {
  const file = join(directory, 'secrets.json');
  if (!existsSync(file)) {
    const made = {
      tokenSecret: randomBytes(32).toString('hex'),
      vaultKey: randomBytes(32).toString('hex'),
      apiKey: await addKey(apiKeysFile(directory), 'demo', grants),
    };
    await writeFile(`${file}.new`, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
  return JSON.parse(await readFile(file, 'utf8'));
}
