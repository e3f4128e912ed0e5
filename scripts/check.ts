/** `make check`: every static check, all of them even when one fails. Prints a line for each. */
import { spawnSync } from 'node:child_process';

const checks: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['types', 'tsc', '--noEmit', '-p', '.'],
  ['style', 'biome', 'check', '--error-on-warnings', '.'],
  ['import levels', 'node', 'scripts/check/imports.ts'],
  ['dead code', 'knip'],
  ['generated types', 'node', 'scripts/generate-types.ts', '--check'],
  ['binaries', 'node', 'scripts/check/binaries.ts'],
  ['contract', 'node', 'scripts/check-schemas.ts'],
];

let failed = 0;
for (const [name, command, ...args] of checks) {
  const startedAt = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (status !== 0) {
    failed += 1;
    console.log(`${stdout}${stderr}`.trimEnd());
  }
}
process.exit(failed === 0 ? 0 : 1);
