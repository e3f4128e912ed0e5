import { anchorRank } from '@zhongtai/domain';
import type { Codec } from '@zhongtai/highway';
import type { RecordEntry, Topic } from '@zhongtai/schemas';
import {
  compilePlan,
  type RowPlan,
  type Table,
  tableOf,
  tombstoneColumns,
  type WarehouseError,
} from '@zhongtai/warehouse';
import { SinkError } from './errors.ts';

const eventDatabase = 'highway';
const referenceDatabase = 'reference';

/** Where the rows of one writer schema go. */
export interface Route {
  /** Table and schema: a part of the token, so it must never change its spelling. */
  readonly group: string;
  readonly table: Table;
  readonly columns: readonly string[];
  /** Null for the deletions of a reference table. */
  readonly plan: RowPlan | null;
}

export interface Plans {
  /**
   * The route of a record by its schema id.
   *
   * @throws WarehouseError or SinkError bad_record when the record can have no row.
   */
  route(topic: Topic, schemaId: number): Route;
  /** Where the deletion of a key goes. */
  deletionRoute(topic: Topic): Route;
}

function place(topic: Topic, record: RecordEntry): Pick<Table, 'kind' | 'database' | 'name'> {
  return topic.kind === 'table'
    ? { kind: 'reference', database: referenceDatabase, name: topic.name.slice(topic.name.indexOf('.') + 1) }
    : { kind: 'event', database: eventDatabase, name: record.eventType };
}

/** The tables of a topic as our own schemas have them. */
export function tablesOf(topic: Topic, schemaText: (recordName: string) => string): Table[] {
  return topic.records.map((record) => {
    const { kind, database, name } = place(topic, record);
    return tableOf(kind, database, name, schemaText(record.name));
  });
}

export function createPlans(
  codec: Pick<Codec, 'writerOf'>,
  schemaText: (recordName: string) => string,
): Plans {
  const routes = new Map<string, Map<number, Route>>();
  const deletions = new Map<string, Route>();

  function compile(topic: Topic, schemaId: number): Route {
    const writer = codec.writerOf(schemaId);
    if (writer === undefined) {
      throw new SinkError('ZT-SINK-UNKNOWN-SCHEMA', `the registry has no schema ${schemaId}`);
    }
    const record = topic.records.find(({ name }) => name === writer.recordName);
    if (record === undefined) {
      throw new SinkError('ZT-SINK-FOREIGN-RECORD', `${writer.recordName} is not a record of ${topic.name}`);
    }
    const { kind, database, name } = place(topic, record);
    const plan = compilePlan({
      kind,
      database,
      table: name,
      schemaText: writer.text,
      anchorRank,
    });
    return { group: `${database}.${name}:${schemaId}`, table: plan.table, columns: plan.columns, plan };
  }

  function compileDeletion(topic: Topic): Route {
    const [table] = tablesOf(topic, schemaText);
    if (table === undefined) throw new SinkError('ZT-SINK-EMPTY', `${topic.name} has no table`);
    const group = `${table.database}.${table.name}:deleted`;
    return { group, table, columns: tombstoneColumns, plan: null };
  }

  return {
    route(topic, schemaId) {
      const known = routes.get(topic.name)?.get(schemaId);
      if (known !== undefined) return known;
      const route = compile(topic, schemaId);
      const ofTopic = routes.get(topic.name) ?? new Map<number, Route>();
      routes.set(topic.name, ofTopic.set(schemaId, route));
      return route;
    },
    deletionRoute(topic) {
      const known = deletions.get(topic.name);
      if (known !== undefined) return known;
      if (topic.kind !== 'table') {
        throw new SinkError('ZT-SINK-EMPTY', `a record of ${topic.name} has no value`);
      }
      const route = compileDeletion(topic);
      deletions.set(topic.name, route);

      return route;
    },
  };
}

/** A schema that no table can hold makes its records bad; the rest of the topic goes on. */
export function isBadRecord(error: unknown): error is WarehouseError | SinkError {
  return (
    typeof error === 'object' &&
    error !== null &&
    (('failure' in error && error.failure === 'bad_record') ||
      ('code' in error && error.code === 'ZT-WAREHOUSE-UNMAPPABLE'))
  );
}
