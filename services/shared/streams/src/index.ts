export type * from './context.ts';
export {
  forgetTopology,
  type MovedInput,
  moveInput,
  type PositionsParts,
} from './engine/change-positions.ts';
export { type CompareOptions, type Comparison, compareWithRebuild } from './engine/compare-with-rebuild.ts';
export { createEngine } from './engine/create-engine.ts';
export type {
  Engine,
  EngineLimits,
  EngineLogger,
  EngineOptions,
  Readiness,
  TaskView,
  Upstream,
} from './engine/options.ts';
export { StreamsError, type StreamsErrorCode } from './errors.ts';
export type * from './log-port.ts';
export {
  type Aggregate,
  type AggregateOptions,
  aggregate,
  type CountOptions,
  count,
} from './operators/aggregate.ts';
export { type DeduplicateOptions, deduplicate } from './operators/deduplicate.ts';
export { type GlobalTable, globalTable } from './operators/global-table.ts';
export { asOfJoin, globalJoin, type LookupJoinOptions, tableJoin } from './operators/lookup-joins.ts';
export { type RekeyOptions, rekey } from './operators/rekey.ts';
export { jsonSerde, numberSerde, textSerde } from './operators/serdes.ts';
export { type Sessions, type SessionsOptions, sessions } from './operators/sessions.ts';
export { type StreamOptions, stream } from './operators/stream.ts';
export { type Table, type TableOptions, table } from './operators/table.ts';
export {
  type VersionedTable,
  type VersionedTableOptions,
  versionedTable,
} from './operators/versioned-table.ts';
export {
  type WindowAggregate,
  type WindowAggregateOptions,
  type WindowCountOptions,
  windowAggregate,
  windowCount,
} from './operators/window-aggregate.ts';
export { type Timed, type WindowJoinOptions, windowJoin } from './operators/window-join.ts';
export { hopping, type Span, tumbling, type Windows } from './operators/windows.ts';
export type { Serde } from './serde.ts';
export { isInstanceName, openStateDirectory, type StateDirectory } from './store/state-directory.ts';
export type { LateLetter, Letter } from './task/types.ts';
export { describeTopology, mermaidOf } from './topology/describe.ts';
export { type Graph, type GraphEdge, type GraphNode, type GraphTopology, graphOf } from './topology/graph.ts';
export { application, topology } from './topology/topology.ts';
export type * from './topology/types.ts';
