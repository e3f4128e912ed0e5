import type { Stack } from '@zhongtai/local';
import type { Warehouse } from '@zhongtai/warehouse';
import type { RawInsert } from './sink-preload.ts';
import { cpuOf, type RunFigures, since } from './sink-run.ts';

/** As many as the sink has under way at once. */
const insertsAtOnce = 4;

/** The same rows in bodies of the same size into tables of the same kind, with nothing in front. */
export async function insertRaw(
  stack: Stack,
  warehouse: Warehouse,
  inserts: readonly RawInsert[],
): Promise<RunFigures> {
  await warehouse.command('CREATE DATABASE IF NOT EXISTS bench');
  for (const table of new Set(inserts.map((insert) => insert.table))) {
    await warehouse.command(`CREATE TABLE bench.${table} AS highway.${table}`);
  }
  const pids = { clickhouse: stack.pid('clickhouse') };
  const before = cpuOf(pids);
  const started = performance.now();
  const queue = inserts.entries();
  const lane = async (): Promise<void> => {
    for (const [index, { table, plan, body, rows }] of queue) {
      const target = { database: 'bench', name: table };
      await warehouse.insert({ table: target, columns: plan.columns, body, rows, token: `raw:${index}` });
    }
  };
  await Promise.all(Array.from({ length: insertsAtOnce }, lane));
  const seconds = (performance.now() - started) / 1000;
  const rows = inserts.reduce((sum, insert) => sum + insert.rows, 0);
  return { rows, seconds, cpu: since(before, cpuOf(pids)), doubled: 0, idleShare: 0 };
}
