import type { Context } from '../context.ts';
import type { InputRecord, Part, StreamTopic } from '../topology/types.ts';
import type { GlobalTable } from './global-table.ts';
import type { Table } from './table.ts';
import { type Uses, usesOf } from './uses.ts';
import type { VersionedTable } from './versioned-table.ts';

export interface LookupJoinOptions<T, V> extends Uses {
  readonly name: string;
  readonly stream: StreamTopic<T>;
  readonly join: (record: InputRecord<T>, row: V, context: Context) => void;
  /** For records without a row; left out: dropped, with the reason `no_row`. */
  readonly otherwise?: (record: InputRecord<T>, context: Context) => void;
}

/** Each record with the row that its key has now. The table is a part of the same topology. */
export function tableJoin<T, V>(options: LookupJoinOptions<T, V> & { readonly table: Table<V> }): Part {
  const { table } = options;
  return lookupJoin('table join', options, (record, context) => table.get(context, record.key));
}

/** Each record with the row of any key that can be made from it. The global table is a part of the same topology. */
export function globalJoin<T, V>(
  options: LookupJoinOptions<T, V> & {
    readonly table: GlobalTable<V>;
    readonly key: (record: InputRecord<T>) => string;
  },
): Part {
  const { table, key } = options;
  return lookupJoin('global join', options, (record, context) => table.get(context, key(record)));
}

/** Each record with the row that its key had when it happened, as far as the table's history goes back. */
export function asOfJoin<T, V>(
  options: LookupJoinOptions<T, V> & { readonly table: VersionedTable<V> },
): Part {
  const { table } = options;
  const part = lookupJoin('as-of join', options, (record, context) =>
    table.asOf(context, record.key, record.eventTimeMs),
  );
  return { ...part, byTime: true };
}

function lookupJoin<T, V>(
  operator: string,
  options: LookupJoinOptions<T, V>,
  find: (record: InputRecord<T>, context: Context) => V | undefined,
): Part {
  const { name, stream, join } = options;
  const otherwise = options.otherwise ?? ((_record, context) => context.drop('no_row'));
  function handle(record: InputRecord<T>, context: Context): void {
    const row = find(record, context);
    if (row === undefined) otherwise(record, context);
    else join(record, row, context);
  }
  return {
    name,
    operator,
    inputs: [{ topic: stream, kind: 'stream', stage: name, handle }],
    ...usesOf(options),
  };
}
