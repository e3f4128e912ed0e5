import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createKey, type Grant, grants, readKeyFile } from '@zhongtai/api-gateway';

const { NAME = '', SOURCES = '' } = process.env;
const path = resolve(process.env['API_KEYS_FILE'] ?? '.local/api-keys.json');

const wanted = SOURCES.split(',').map((source) => source.trim());
const sources = grants.filter((grant): grant is Grant => wanted.includes(grant));
if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(NAME) || sources.length !== wanted.length) {
  console.error(`usage: make key NAME=crm SOURCES=order,payment

NAME     the source system: small letters, digits, . _ - (becomes source_system of its events)
SOURCES  what it may send, separated by commas: ${grants.join(', ')}`);
  process.exit(1);
}

const file = await readKeyFile(path);
const { clearKey, stored } = createKey(NAME, sources, new Date());
await mkdir(dirname(path), { recursive: true });
// Written aside and renamed: a running gateway reads the old file or the new one, never half of one.
await writeFile(`${path}.new`, `${JSON.stringify({ keys: [...file.keys, stored] }, null, 2)}\n`, {
  mode: 0o600,
});
await rename(`${path}.new`, path);
console.log(`The key of ${NAME} for ${sources.join(', ')}. It is shown this once; ${path} keeps its hash.

  ${clearKey}
`);
