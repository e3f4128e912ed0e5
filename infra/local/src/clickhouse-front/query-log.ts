import { createHash } from 'node:crypto';
import type { Logger } from '@zhongtai/runtime';
import type { Counts } from './lane-protocol.ts';

/** One finished statement. The text itself is not kept: it may hold what must not be in a log. */
export interface QueryRecord {
  readonly queryId: string;
  readonly user: string;
  readonly kind: string;
  readonly textHash: string;
  readonly milliseconds: number;
  readonly readRows: number;
  readonly writtenRows: number;
  readonly resultBytes: number;
  /** ClickHouse's code, 0 for success. */
  readonly exceptionCode: number;
}

export interface Finished {
  readonly queryId: string;
  readonly user: string;
  readonly kind: string;
  readonly sql: string;
  readonly startedAt: number;
  readonly counts: Counts | undefined;
  readonly resultBytes: number;
  readonly exceptionCode: number;
}

/** Writes a line for each statement: failures and slow ones at `info`, the others at `debug`. */
export function logQuery(logger: Logger, finished: Finished, slowMs = 1000): QueryRecord {
  const record: QueryRecord = {
    queryId: finished.queryId,
    user: finished.user,
    kind: finished.kind,
    textHash: createHash('sha1').update(finished.sql).digest('hex').slice(0, 12),
    milliseconds: Math.round(performance.now() - finished.startedAt),
    readRows: finished.counts?.rowsRead ?? 0,
    writtenRows: finished.counts?.rowsWritten ?? 0,
    resultBytes: finished.resultBytes,
    exceptionCode: finished.exceptionCode,
  };
  const level = record.exceptionCode !== 0 || record.milliseconds >= slowMs ? 'info' : 'debug';
  logger[level](record, 'query finished');
  return record;
}
