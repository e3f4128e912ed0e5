import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Warehouse } from './client.ts';

/**
 * The statements of an SQL file: separated by a semicolon at the end of a line; lines that begin with `--` are
 * comments.
 */
export function splitStatements(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('--'))
    .join('\n')
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

/**
 * Runs every `.sql` file of a directory in the order of their names. Each statement must be one that may be run
 * again (CREATE OR REPLACE, IF NOT EXISTS).
 */
export async function applyViews(warehouse: Warehouse, directory: string): Promise<number> {
  const files = (await readdir(directory)).filter((name) => name.endsWith('.sql')).toSorted();
  let count = 0;
  for (const file of files) {
    for (const statement of splitStatements(await readFile(join(directory, file), 'utf8'))) {
      await warehouse.command(statement);
      count += 1;
    }
  }
  return count;
}
