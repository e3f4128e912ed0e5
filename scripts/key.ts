import { resolve } from 'node:path';
import { type Grant, grants } from '@zhongtai/api-gateway';
import { addKey } from './platform/key-file.ts';
import { apiKeysFile } from './platform/secrets.ts';

const { NAME = '', SOURCES = '', API_KEYS_FILE, ZHONGTAI_DIRECTORY = '.local' } = process.env;
const path = resolve(API_KEYS_FILE ?? apiKeysFile(ZHONGTAI_DIRECTORY));

const wanted = SOURCES.split(',').map((source) => source.trim());
const sources = grants.filter((grant): grant is Grant => wanted.includes(grant));
if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(NAME) || sources.length !== wanted.length) {
  console.error(`usage: make key NAME=crm SOURCES=order,payment

NAME     the source system: small letters, digits, . _ - (becomes source_system of its events)
SOURCES  what it may send, separated by commas: ${grants.join(', ')}`);
  process.exit(1);
}

const clearKey = await addKey(path, NAME, sources);
console.log(`The key of ${NAME} for ${sources.join(', ')}. It is shown this once; ${path} keeps its hash.

  ${clearKey}
`);
