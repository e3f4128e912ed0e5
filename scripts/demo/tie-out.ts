import type { Highway } from '@zhongtai/highway';
import { recordOf } from '@zhongtai/schemas';
import type { Warehouse } from '@zhongtai/warehouse';

/** Where each topic's partitions ended before the run: what came later is of this run. */
export type Marks = ReadonlyMap<string, readonly number[]>;

/** One event type on its way, counted at each hop. */
export interface Hop {
  readonly eventType: string;
  /** Rows in ClickHouse that this run's topic records became. */
  readonly rows: number;
  /** Of these, topic records that are there more than once. */
  readonly doubledRows: number;
  readonly distinctEvents: number;
}

function topicOf(eventType: string): string {
  const found = recordOf(eventType);
  if (found === undefined) throw new Error(`${eventType} is not in the catalogue`);
  return found.topic.name;
}

export function topicsOf(eventTypes: readonly string[]): string[] {
  return [...new Set(eventTypes.map(topicOf))];
}

/** The ends of the topics now. */
export async function markEnds(highway: Highway, topics: readonly string[]): Promise<Marks> {
  const marks = new Map<string, number[]>();
  for (const topic of topics) {
    const partitions = await highway.admin.endOffsets(topic);
    marks.set(
      topic,
      partitions.toSorted((a, b) => a.partition - b.partition).map(({ end }) => end),
    );
  }
  return marks;
}

/** Counts in ClickHouse what the records of one type after the marks became. */
export async function countRows(warehouse: Warehouse, eventType: string, since: Marks): Promise<Hop> {
  const [found] = await warehouse.query<{ rows: string; records: string; events: string }>(
    `SELECT count() AS rows, uniqExact(kafka_partition, kafka_offset) AS records, uniqExact(event_id) AS events
     FROM highway.{table:Identifier}
     WHERE kafka_offset >= {since:Array(UInt64)}[kafka_partition + 1]`,
    { table: eventType, since: since.get(topicOf(eventType)) ?? [] },
  );
  const rows = Number(found?.rows ?? 0);
  return {
    eventType,
    rows,
    doubledRows: rows - Number(found?.records ?? 0),
    distinctEvents: Number(found?.events ?? 0),
  };
}

/** Repeats of an event_id that the factory has kept off the highway since it started. */
export async function repeatsDropped(factoryUrl: string): Promise<number> {
  const text = await (await fetch(`${factoryUrl}/metrics`)).text();
  const lines = text.matchAll(/^zhongtai_streams_dropped_total\{[^}]*reason="repeat"[^}]*\} (\S+)$/gm);
  return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
}
