import fetchRequestV11 from 'kafkajs/src/protocol/requests/fetch/v11/request.js';
import type { WireExchange } from './kafkajs-types.ts';
import { type AbortedTransaction, readOffset } from './record-batch-reader.ts';
import type { Place } from './subscription-types.ts';

const readCommitted = 1;

export interface FetchPosition extends Place {
  readonly offset: number;
  /** Instead of the request's limit for each partition. */
  readonly maxBytes?: number;
}

export interface FetchLimits {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
}

export interface FetchedPartition extends Place {
  readonly errorCode: number;
  readonly highWatermark: number;
  /** Behind the last record that is committed or aborted: what lies further is hidden by an open transaction. */
  readonly lastStableOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly recordSet: Buffer;
}

interface FetchAnswer {
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly partitions: FetchedPartition[];
}

/** Fetch v11, read_committed, without a fetch session. The answer's record sets stay bytes. */
export function fetchRequest(
  positions: readonly FetchPosition[],
  limits: FetchLimits,
): WireExchange<FetchAnswer> {
  const byTopic = Map.groupBy(positions, ({ topic }) => topic);
  return {
    request: fetchRequestV11({
      replicaId: -1,
      isolationLevel: readCommitted,
      maxWaitTime: limits.maxWaitMs,
      minBytes: 1,
      maxBytes: limits.maxBytes,
      rackId: '',
      topics: [...byTopic].map(([topic, ofTopic]) => ({
        topic,
        partitions: ofTopic.map(({ partition, offset, maxBytes }) => ({
          partition,
          fetchOffset: offset,
          maxBytes: maxBytes ?? limits.maxBytesPerPartition,
        })),
      })),
    }),
    response: { decode: async (raw) => decode(raw), parse: async (answer) => answer },
  };
}

function decode(raw: Buffer): FetchAnswer {
  let at = 0;
  const int32 = () => {
    at += 4;
    return raw.readInt32BE(at - 4);
  };
  const int16 = () => {
    at += 2;
    return raw.readInt16BE(at - 2);
  };
  const int64 = () => {
    at += 8;
    return readOffset(raw, at - 8);
  };
  const text = () => {
    const length = int16();
    at += length;
    return raw.toString('utf8', at - length, at);
  };
  const aborted = (): AbortedTransaction => {
    at += 8;
    return { producerId: raw.readBigInt64BE(at - 8), firstOffset: int64() };
  };
  const list = <T>(item: () => T): T[] => Array.from({ length: Math.max(0, int32()) }, item);
  const partition = (topic: string): FetchedPartition => {
    const id = int32();
    const errorCode = int16();
    const highWatermark = int64();
    const lastStableOffset = int64();
    at += 8; // log start offset
    const abortedTransactions = list(aborted);
    at += 4; // preferred read replica
    const length = Math.max(0, int32());
    at += length;
    const recordSet = raw.subarray(at - length, at);
    return {
      topic,
      partition: id,
      errorCode,
      highWatermark,
      lastStableOffset,
      aborted: abortedTransactions,
      recordSet,
    };
  };
  const clientSideThrottleTime = int32();
  const errorCode = int16();
  at += 4; // session id
  const partitions = list(() => {
    const topic = text();
    return list(() => partition(topic));
  }).flat();
  return { clientSideThrottleTime, errorCode, partitions };
}
