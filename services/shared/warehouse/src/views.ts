import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Warehouse } from './client.ts';
import { WarehouseError } from './errors.ts';

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

export interface AppliedViews {
  readonly applied: number;
  /** What the server refused, by the beginning of the statement; the other statements were run. */
  readonly refused: ReadonlyMap<string, WarehouseError>;
}

/**
 * Runs every `.sql` file of a directory in the order of their names. Each statement must be one that may be run
 * again (CREATE OR REPLACE, IF NOT EXISTS). A view over a table that is not as it should be is passed over.
 *
 * @throws WarehouseError when the server cannot run anything now.
 */
export async function applyViews(
  warehouse: Pick<Warehouse, 'command'>,
  directory: string,
): Promise<AppliedViews> {
  const files = (await readdir(directory)).filter((name) => name.endsWith('.sql')).toSorted();
  const refused = new Map<string, WarehouseError>();
  let applied = 0;
  for (const file of files) {
    for (const statement of splitStatements(await readFile(join(directory, file), 'utf8'))) {
      try {
        await warehouse.command(statement);
        applied += 1;
      } catch (error) {
        if (!(error instanceof WarehouseError) || !ofTheStatement.has(error.code)) throw error;
        refused.set(statement.slice(0, 80), error);
      }
    }
  }
  return { applied, refused };
}

/** Failures that another statement need not have. */
const ofTheStatement: ReadonlySet<string> = new Set(['ZT-WAREHOUSE-TABLE', 'ZT-WAREHOUSE-REFUSED']);
