import type { Highway } from '@zhongtai/highway';
import type { BenchEvent, BenchResult } from './records.ts';

export interface Seen {
  /** When the event behind the result was made. */
  readonly madeMs: number;
  readonly seenMs: number;
}

/** Reads the committed results of a topic from its end on, as they come. */
export async function watch(
  highway: Highway,
  topic: { readonly name: string },
  group: string,
  onSeen: (seen: Seen) => void,
): Promise<() => Promise<void>> {
  const { promise: started, resolve, reject } = Promise.withResolvers<void>();
  const ends = new Map(
    (await highway.admin.endOffsets(topic.name)).map(({ partition, end }) => [partition, end] as const),
  );
  const owner = highway.ownPartitions({
    groupId: group,
    topics: [topic],
    onAssigned: async ({ partitions }) => {
      for (const place of partitions) owner.go(place, ends.get(place.partition) ?? 0);
      resolve();
    },
    onRevoked: async () => undefined,
    onBatch: async ({ records }) => {
      const seenMs = Date.now();
      for (const { value } of records) {
        if (value === null) continue;
        const decoded = highway.codec.decode<BenchEvent | BenchResult>(value);
        onSeen({ madeMs: decoded.value.event_time, seenMs });
      }
    },
    onFatal: reject,
  });
  await owner.start();
  await started;
  return () => owner.stop();
}
