import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Warehouse } from '@zhongtai/warehouse';
import { type createScanner, longestMatch } from './scanner.ts';

type Scanner = ReturnType<typeof createScanner>;

async function scanPieces(pieces: AsyncIterable<Uint8Array>, where: string, scanner: Scanner): Promise<void> {
  let kept = '';
  for await (const piece of pieces) {
    const text = kept + Buffer.from(piece).toString('latin1');
    // What may be the first half of a match is looked at again together with the second half.
    const cut = Math.max(text.length - longestMatch, 0);
    const end = text.lastIndexOf('\n', cut) + 1 || cut;
    scanner.scan(text.slice(0, end), where);
    kept = text.slice(end);
  }
  scanner.scan(kept, where);
}

/** Every log file under a folder but the broker's own segments. Returns how many there are. */
export async function scanLogs(folder: string, scanner: Scanner): Promise<number> {
  let files = 0;
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name);
    if (/^data\//.test(name) || !/\.(log|out|err)(\.\d+)?$/.test(name) || !(await stat(path)).isFile())
      continue;
    await scanPieces(createReadStream(path), `log ${relative(folder, path)}`, scanner);
    files++;
  }
  return files;
}

/** Every table that is no view, row by row as the server shows it. Returns how many there are. */
export async function scanTables(
  warehouse: Warehouse,
  clickhouseUrl: string,
  scanner: Scanner,
): Promise<number> {
  const tables = await warehouse.query<{ database: string; name: string }>(
    `SELECT database, name FROM system.tables
     WHERE database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema') AND engine NOT LIKE '%View'`,
  );
  for (const { database, name } of tables) {
    const query = `SELECT * FROM \`${database}\`.\`${name}\` FORMAT TabSeparated`;
    const response = await fetch(clickhouseUrl, { method: 'POST', body: query });
    if (!response.ok || response.body === null) throw new Error(`${query}: ${await response.text()}`);
    await scanPieces(response.body, `table ${database}.${name}`, scanner);
  }
  return tables.length;
}

/** Identity values in the tables that are no tokens: numbers of members are too short to be searched for. */
export async function countClearIdentities(warehouse: Warehouse): Promise<number> {
  const tables = await warehouse.query<{ table: string }>(
    "SELECT table FROM system.columns WHERE database = 'highway' AND name = 'identities.id_value'",
  );
  if (tables.length === 0) throw new Error('no table of the highway has identities');
  let clear = 0;
  for (const { table } of tables) {
    const [found] = await warehouse.query<{ clear: string }>(
      `SELECT sum(arrayCount(v -> NOT match(v, '^[A-Za-z0-9_-]{22}$'), identities.id_value)) AS clear
       FROM highway.{table:Identifier}`,
      { table },
    );
    clear += Number(found?.clear ?? 0);
  }
  return clear;
}
