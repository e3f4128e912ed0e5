export type { AnchorRank } from './anchor-probe.ts';
export { ByteWriter } from './byte-writer.ts';
export { createWarehouse, type RowsInsert, type Warehouse, type WarehouseOptions } from './client.ts';
export type { Column } from './columns.ts';
export { WarehouseError, type WarehouseErrorCode, warehouseErrors } from './errors.ts';
export { findForgetful, migrateTables, type TableName } from './migrate.ts';
export {
  compilePlan,
  encodeTombstone,
  framingBytes,
  type PlanOptions,
  type RowOrigin,
  type RowPlan,
  tombstoneColumns,
} from './row-plan.ts';
export { createStatement, deduplicationWindow, type Table, type TableKind, tableOf } from './table.ts';
export { applyViews, splitStatements } from './views.ts';
