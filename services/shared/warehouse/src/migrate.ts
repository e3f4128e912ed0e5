import type { Warehouse } from './client.ts';
import { type Column, quoteName } from './columns.ts';
import { WarehouseError } from './errors.ts';
import { columnDefinition, createStatement, qualifiedName, type Table } from './table.ts';

export type TableName = Pick<Table, 'database' | 'name'>;

/** The tables as the server has them: `database.table` -> column -> type. */
type Present = ReadonlyMap<string, ReadonlyMap<string, string>>;

function tableKey(table: TableName): string {
  return `${table.database}.${table.name}`;
}

/**
 * A type as its values are: spelling (line breaks within a Tuple) and the dictionary of LowCardinality change
 * neither the values nor their bytes, so a column may have one where another writer's schema asks for none.
 */
function canonical(type: string): string {
  return type.replaceAll(/\s+/g, '').replaceAll(/LowCardinality\(((?:[^()]|\([^()]*\))*)\)/g, '$1');
}

async function presentTables(
  warehouse: Pick<Warehouse, 'command' | 'query'>,
  databases: readonly string[],
): Promise<Present> {
  const rows = await warehouse.query<{ database: string; table: string; name: string; type: string }>(
    'SELECT database, table, name, type FROM system.columns WHERE database IN {databases:Array(String)}',
    { databases },
  );
  const tables = new Map<string, Map<string, string>>();
  for (const { database, table, name, type } of rows) {
    const key = tableKey({ database, name: table });
    const columns = tables.get(key) ?? new Map<string, string>();
    columns.set(name, type);
    tables.set(key, columns);
  }
  return tables;
}

/**
 * The statements that bring a table to what the schema wants: create it, or add what it lacks. A column that the
 * schema no longer has stays.
 *
 * @throws WarehouseError ZT-WAREHOUSE-TYPE-CHANGED naming the table and the column.
 */
function statementsFor(table: Table, present: Present): string[] {
  const columns = present.get(tableKey(table));
  if (columns === undefined) return [createStatement(table)];
  const added: string[] = [];
  let previous: Column | undefined;
  for (const column of table.columns) {
    const type = columns.get(column.name);
    if (type === undefined) {
      const place = previous === undefined ? 'FIRST' : `AFTER ${quoteName(previous.name)}`;
      added.push(`ADD COLUMN IF NOT EXISTS ${columnDefinition(column)} ${place}`);
    } else if (canonical(type) !== canonical(column.type)) {
      throw new WarehouseError(
        'ZT-WAREHOUSE-TYPE-CHANGED',
        `column ${column.name} of ${tableKey(table)} is ${type}, the schema wants ${column.type}`,
        { details: { table: tableKey(table), column: column.name, is: type, wanted: column.type } },
      );
    }
    previous = column;
  }
  return added.length === 0 ? [] : [`ALTER TABLE ${qualifiedName(table)} ${added.join(', ')}`];
}

/**
 * Creates and widens tables. May be run at any time and by several processes at once: every statement does
 * nothing when it was done before.
 *
 * @returns what could not be brought in order, by `database.table`; the other tables are.
 */
export async function migrateTables(
  warehouse: Pick<Warehouse, 'command' | 'query'>,
  tables: readonly Table[],
): Promise<Map<string, WarehouseError>> {
  const databases = [...new Set(tables.map((table) => table.database))];
  for (const database of databases) {
    await warehouse.command(`CREATE DATABASE IF NOT EXISTS ${quoteName(database)}`);
  }
  const present = await presentTables(warehouse, databases);
  const refused = new Map<string, WarehouseError>();
  for (const table of tables) {
    try {
      for (const statement of statementsFor(table, present)) await warehouse.command(statement);
    } catch (error) {
      if (!(error instanceof WarehouseError) || error.code === 'ZT-WAREHOUSE-AWAY') throw error;
      refused.set(tableKey(table), error);
    }
  }
  return refused;
}

interface EngineRow {
  readonly database: string;
  readonly name: string;
  readonly engine: string;
  readonly engine_full: string;
  readonly create_table_query: string;
}

/** Which of these remembers no inserts: `non_replicated_deduplication_window` is 0 unless it is set. */
function forgetsInserts({ engine, engine_full }: EngineRow): boolean {
  if (!engine.endsWith('MergeTree')) return false;
  const replicated = engine.startsWith('Replicated') || engine.startsWith('Shared');
  const setting = replicated ? 'replicated_deduplication_window' : 'non_replicated_deduplication_window';
  const found = new RegExp(`(?<![a-z_])${setting} = (\\d+)`).exec(engine_full);
  return found === null ? !replicated : Number(found[1]) === 0;
}

/** The table that a materialised view writes to, from its CREATE statement. */
function viewTarget(view: EngineRow): string {
  const named = /\bTO\s+(`?[\w]+`?\.`?[\w.]+`?)/.exec(view.create_table_query)?.[1];
  return named?.replaceAll('`', '') ?? `${view.database}..inner.${view.name}`;
}

/**
 * Replays do not double only where the table remembers their tokens, and so must every table that a materialised
 * view fills from it.
 *
 * @returns the tables (`database.table`) that would double, with the reason; none when all is well.
 */
export async function findForgetful(
  warehouse: Pick<Warehouse, 'command' | 'query'>,
  tables: readonly TableName[],
): Promise<Map<string, WarehouseError>> {
  const rows = await warehouse.query<EngineRow>(
    'SELECT database, name, engine, engine_full, create_table_query FROM system.tables WHERE NOT is_temporary',
  );
  const byName = new Map(rows.map((row) => [tableKey(row), row]));
  const views = rows.filter((row) => row.engine === 'MaterializedView');
  const found = new Map<string, WarehouseError>();
  for (const table of tables) {
    const key = tableKey(table);
    const source = `${table.database}.${table.name}`;
    const fed = views
      .filter((view) => view.create_table_query.replaceAll('`', '').includes(`FROM ${source}`))
      .map(viewTarget);
    const forgetful = [key, ...fed].find((name) => {
      const row = byName.get(name);
      return row !== undefined && forgetsInserts(row);
    });
    if (forgetful === undefined) continue;
    const message = `${forgetful} remembers no inserts: set non_replicated_deduplication_window to 10000 on it`;
    found.set(key, new WarehouseError('ZT-WAREHOUSE-NO-DEDUPLICATION', message, { details: { table: key } }));
  }
  return found;
}
