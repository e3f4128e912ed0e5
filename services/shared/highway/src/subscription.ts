import { isFailure, type Logger, type ZhongtaiError } from '@zhongtai/runtime';
import type { Codec } from './codec-types.ts';
import type { DeadLetter, DeadLetters } from './dead-letter-types.ts';
import type {
  Assignment,
  OwnerOptions,
  PartitionOwner,
  Place,
  RawBatch,
  RawRecord,
  Received,
  SubscribeOptions,
  Subscription,
} from './subscription-types.ts';

interface SubscriptionParts {
  readonly codec: Codec;
  readonly deadLetters: DeadLetters;
  readonly logger: Logger;
  ownPartitions(options: OwnerOptions): PartitionOwner;
}

/** A typed subscription over owned partitions: decode, hand over, commit. */
export function createSubscription<T>(parts: SubscriptionParts, options: SubscribeOptions<T>): Subscription {
  const { codec, logger } = parts;
  const { groupId } = options;

  const onAssigned = async ({ partitions }: Assignment) => {
    const [committed, bounds] = await Promise.all([owner.committed(partitions), owner.bounds(partitions)]);
    for (const { topic, partition, earliest, end } of bounds) {
      const place = { topic, partition };
      const at = committed.find((c) => c.topic === topic && c.partition === partition)?.offset ?? null;
      if (at === null) owner.go(place, options.fromBeginning === true ? earliest : end);
      else {
        // What retention has removed cannot be read any more: say so, and go on with what there is.
        if (at < earliest)
          logger.warn({ groupId, topic, partition, at, earliest }, 'records expired before being read');
        owner.go(place, Math.max(at, earliest));
      }
    }
  };

  const decode = (place: Place, record: RawRecord): Received<T> => {
    const decoded = record.value === null ? null : codec.decode<T>(record.value);
    return {
      topic: place.topic,
      partition: place.partition,
      offset: record.offset,
      key: record.key?.toString() ?? null,
      timestampMs: record.timestampMs,
      headers: record.headers,
      recordName: decoded?.recordName ?? '',
      schemaId: decoded?.schemaId ?? -1,
      event: decoded?.value ?? null,
    };
  };

  const onBatch = async (batch: RawBatch) => {
    const { topic, partition } = batch;
    await codec.learn(codec.unlearned(batch.records.map(({ value }) => value)));
    const received: Received<T>[] = [];
    const letters: DeadLetter[] = [];
    for (const record of batch.records) {
      try {
        received.push(decode(batch, record));
      } catch (error) {
        if (!isFailure(error, 'bad_record')) throw error;
        letters.push(letterOf(batch, record, error));
      }
    }
    await parts.deadLetters.send(letters);
    if (received.length > 0) await options.onBatch(received, { topic, partition });
    await owner
      .commit(batch.generation, [{ topic, partition, offset: batch.nextOffset }])
      .catch((error: unknown) => {
        // Not recorded: the next commit covers it, or the next owner reads these records again.
        logger.warn({ err: error, groupId, topic, partition }, 'position not recorded');
      });
  };

  const letterOf = ({ topic, partition }: Place, record: RawRecord, error: ZhongtaiError): DeadLetter => {
    const schemaId = record.value === null ? undefined : codec.schemaIdOf(record.value);
    return {
      topic,
      partition,
      offset: record.offset,
      stage: groupId,
      reason: error.code,
      message: error.message,
      ...(schemaId === undefined ? {} : { schemaId }),
      key: record.key,
      value: record.value,
      headers: record.headers,
      timestampMs: record.timestampMs,
    };
  };

  const owner = parts.ownPartitions({
    groupId,
    topics: options.topics,
    onAssigned,
    onRevoked: async () => undefined,
    onBatch,
    ...(options.onFatal === undefined ? {} : { onFatal: options.onFatal }),
    ...(options.sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs: options.sessionTimeoutMs }),
    ...(options.maxBytesPerPartition === undefined
      ? {}
      : { maxBytesPerPartition: options.maxBytesPerPartition }),
  });

  return {
    start: () => owner.start(),
    stop: () => owner.stop(),
    pause: (place) => owner.pause(place),
    resume: (place) => owner.resume(place),
  };
}
