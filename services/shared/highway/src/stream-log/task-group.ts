import type { Membership } from '../partition-owner.ts';
import type { OwnerOptions, PartitionOwner } from '../subscription-types.ts';
import { taskAssigner } from './task-assigner.ts';
import type { TaskGroup, TaskGroupOptions } from './types.ts';

/** Tasks over owned partitions: partition p of all topics is task p. */
export function createTaskGroup(
  options: TaskGroupOptions,
  ownPartitions: (options: OwnerOptions, membership: Membership) => PartitionOwner,
): TaskGroup {
  const { groupId, instance, sessionTimeoutMs, topics, warmTasks } = options;
  const owning: OwnerOptions = {
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
  };
  const owner = ownPartitions(owning, {
    assigner: taskAssigner(instance, warmTasks),
    instance,
    heartbeatMs: Math.min(1_000, sessionTimeoutMs / 6),
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
