import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKey, type Grant, grants } from '@zhongtai/api-gateway';

/** What a local platform keeps to itself, in files that only its owner may read. */
export interface LocalSecrets {
  readonly tokenSecret: string;
  readonly vaultKey: string;
  /** An API key for every source, in clear, for the demo and for trying things by hand. */
  readonly apiKey: string;
  /** The gateway's file of hashed keys. */
  readonly apiKeysFile: string;
}

/** Reads the secrets of a local platform, or makes them the first time. They outlive restarts, as tokens must. */
export function localSecrets(directory: string, grantsOfKey: readonly Grant[] = grants): LocalSecrets {
  mkdirSync(directory, { recursive: true });
  const apiKeysFile = join(directory, 'api-keys.json');
  const file = join(directory, 'secrets.json');
  if (!existsSync(file)) {
    const { clearKey, stored } = createKey('demo', grantsOfKey, new Date());
    writeFileSync(apiKeysFile, `${JSON.stringify({ keys: [stored] }, null, 2)}\n`, { mode: 0o600 });
    const made = {
      tokenSecret: randomBytes(32).toString('hex'),
      vaultKey: randomBytes(32).toString('hex'),
      apiKey: clearKey,
    };
    writeFileSync(file, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  }
  return { ...JSON.parse(readFileSync(file, 'utf8')), apiKeysFile };
}
