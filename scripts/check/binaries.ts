/** Checks that the repository holds text only: data and binaries are fetched by the ordinary package clients. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const LIMIT_BYTES = 200_000;
const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
const files = execFileSync('git', list, { encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '' && path !== 'package-lock.json' && existsSync(path));
const refused = files.filter((path) => {
  const content = readFileSync(path);
  return content.includes(0) || content.byteLength > LIMIT_BYTES;
});
for (const path of refused)
  console.error(`${path}: binary, or over ${LIMIT_BYTES} bytes; fetch it by a script instead`);
console.log(`text only: ${files.length} files, ${refused.length} refused`);
process.exit(refused.length === 0 && files.length > 0 ? 0 : 1);
