import type { OwnerOptions, PartitionOwner } from '../subscription-types.ts';
import type { TaskGroup, TaskGroupOptions } from './types.ts';

/** Tasks over owned partitions: partition p of all topics is task p. */
export function createTaskGroup(
  options: TaskGroupOptions,
  ownPartitions: (options: OwnerOptions) => PartitionOwner,
): TaskGroup {
  const { groupId, sessionTimeoutMs, topics } = options;
  const owner = ownPartitions({
    groupId,
    sessionTimeoutMs,
    topics: topics.map((name) => ({ name })),
    onAssigned: ({ generation, partitions }) =>
      options.onAssigned(
        generation,
        [...new Set(partitions.map(({ partition }) => partition))].sort((a, b) => a - b),
      ),
    onRevoked: (_assignment, reason) => options.onRevoked(reason),
    onBatch: options.onBatch,
    onFatal: options.onFatal,
  });
  return {
    start: () => owner.start(),
    stop: () => owner.stop(),
    go: (place, offset) => owner.go(place, offset),
    pause: (place) => owner.pause(place),
    resume: (place) => owner.resume(place),
    record: (generation, positions) => owner.commit(generation, positions),
    confirm: (generation) => owner.confirm(generation),
    rejoin: () => owner.rejoin(),
  };
}
