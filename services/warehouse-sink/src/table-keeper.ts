import type { Logger } from '@zhongtai/runtime';
import { applyViews, findForgetful, migrateTables, type Table, type Warehouse } from '@zhongtai/warehouse';

/** Sees to it that tables are there and wide enough before rows go in. */
export interface TableKeeper {
  /**
   * Creates and widens all tables and the views of the directory, and makes sure that the tables remember inserts.
   *
   * @throws WarehouseError ZT-WAREHOUSE-NO-DEDUPLICATION when replays of a table would double.
   */
  prepare(tables: readonly Table[], directory: string): Promise<void>;
  /** @throws WarehouseError when this table cannot take the rows; the others can. */
  ensure(table: Table): Promise<void>;
  /** The table may have been dropped or changed: look again before the next insert. */
  doubt(table: Table): void;
}

export function createTableKeeper(
  warehouse: Pick<Warehouse, 'command' | 'query'>,
  logger: Logger,
): TableKeeper {
  const ensured = new Map<string, Promise<void>>();
  let viewsDirectory: string | null = null;
  const keyOf = (table: Table): string =>
    `${table.database}.${table.name}(${table.columns.map(({ name, type }) => `${name} ${type}`).join()})`;

  async function bringInOrder(table: Table): Promise<void> {
    for (const error of (await migrateTables(warehouse, [table])).values()) throw error;
    for (const error of (await findForgetful(warehouse, [table])).values()) throw error;
    if (viewsDirectory !== null) await makeViews(viewsDirectory);
  }

  /** Views over a table that is not in order yet are made when it is. */
  async function makeViews(directory: string): Promise<number> {
    const { applied, refused } = await applyViews(warehouse, directory);
    viewsDirectory = refused.size === 0 ? null : directory;
    for (const [view, error] of refused) logger.error({ err: error, view }, 'view cannot be made');
    return applied;
  }

  return {
    async prepare(tables, directory) {
      const refused = await migrateTables(warehouse, tables);
      for (const [table, error] of refused)
        logger.error({ err: error, table }, 'table cannot be brought in order');
      for (const error of (await findForgetful(warehouse, tables)).values()) throw error;
      for (const table of tables) {
        if (!refused.has(`${table.database}.${table.name}`)) ensured.set(keyOf(table), Promise.resolve());
      }
      const views = await makeViews(directory);
      logger.info({ tables: tables.length, views }, 'tables and views are in order');
    },
    async ensure(table) {
      const key = keyOf(table);
      let work = ensured.get(key);
      if (work === undefined) {
        work = bringInOrder(table);
        ensured.set(key, work);
        work.catch(() => ensured.delete(key));
      }
      await work;
    },
    doubt(table) {
      ensured.delete(keyOf(table));
    },
  };
}
