import type { WireExchange } from '../kafkajs-types.ts';
import type { PartitionBatch } from '../produce-request.ts';
import { flexibleExchange } from './wire.ts';

/** What the coordinator knows a producer by; each transaction ends with a new epoch. */
export interface ProducerEpoch {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

interface EpochAnswer extends ProducerEpoch {
  readonly errorCode: number;
  readonly clientSideThrottleTime: number;
}

/** InitProducerId v4: as a new owner, who knows no former epoch. */
export function initProducerIdRequest(
  transactionalId: string,
  transactionTimeoutMs: number,
): WireExchange<EpochAnswer> {
  return flexibleExchange({
    apiKey: 22,
    apiVersion: 4,
    apiName: 'InitProducerId',
    write: (into) => into.text(transactionalId).int32(transactionTimeoutMs).int64(-1n).int16(-1),
    read: (from) => ({
      clientSideThrottleTime: from.int32(),
      errorCode: from.int16(),
      producerId: from.int64(),
      producerEpoch: from.int16(),
    }),
  });
}

/** EndTxn v5: ends the transaction and answers the epoch of the next one. */
export function endTransactionRequest(
  transactionalId: string,
  { producerId, producerEpoch }: ProducerEpoch,
  commit: boolean,
): WireExchange<EpochAnswer> {
  return flexibleExchange({
    apiKey: 26,
    apiVersion: 5,
    apiName: 'EndTxn',
    write: (into) => into.text(transactionalId).int64(producerId).int16(producerEpoch).flag(commit),
    read: (from) => ({
      clientSideThrottleTime: from.int32(),
      errorCode: from.int16(),
      producerId: from.int64(),
      producerEpoch: from.int16(),
    }),
  });
}

export interface ProducedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: number;
  readonly reason: string;
}

interface ProduceAnswer {
  readonly clientSideThrottleTime: number;
  readonly partitions: readonly ProducedPartition[];
}

/** Produce v12, acks=all: the leaders themselves add their partitions to the transaction. */
export function transactionalProduceRequest(
  transactionalId: string,
  batches: readonly PartitionBatch[],
  timeoutMs: number,
): WireExchange<ProduceAnswer> {
  const byTopic = [...Map.groupBy(batches, ({ topic }) => topic)];
  return flexibleExchange({
    apiKey: 0,
    apiVersion: 12,
    apiName: 'Produce',
    write: (into) =>
      into
        .text(transactionalId)
        .int16(-1)
        .int32(timeoutMs)
        .list(byTopic, ([topic, ofTopic]) =>
          into
            .text(topic)
            .list(ofTopic, ({ partition, bytes }) => into.int32(partition).bytes(bytes).noTags())
            .noTags(),
        ),
    read: (from) => {
      const partitionOf = (topic: string): ProducedPartition => {
        const partition = from.int32();
        const errorCode = from.int16();
        const baseOffset = from.offset();
        from.int64(); // log append time
        from.int64(); // log start offset
        from.list(() => {
          from.int32();
          from.text();
          from.skipTags();
        });
        const reason = from.text();
        from.skipTags();
        return { topic, partition, errorCode, baseOffset, reason };
      };
      const partitions = from
        .list(() => {
          const topic = from.text();
          const ofTopic = from.list(() => partitionOf(topic));
          from.skipTags();
          return ofTopic;
        })
        .flat();
      return { partitions, clientSideThrottleTime: from.int32() };
    },
  });
}
