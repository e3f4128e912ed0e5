import type { Place } from './subscription-types.ts';

/** A member of a group, as the coordinator names it to the one that leads. */
export interface DescribedMember {
  readonly memberId: string;
  /** What it says of itself. */
  readonly description: Buffer;
}

/** Partitions by topic. */
export type TopicPartitions = Readonly<Record<string, readonly number[]>>;

/** How the member that leads a group shares the partitions. */
export interface PartitionAssigner {
  /** All members of a group have the same. */
  readonly name: string;
  /** What a member says of itself at each join; `owned` it had until now. */
  describe(owned: readonly Place[]): Buffer;
  /** The share of each member, by its id. */
  assign(
    members: readonly DescribedMember[],
    partitions: TopicPartitions,
  ): ReadonlyMap<string, TopicPartitions>;
}

/** Partition p of every topic goes to the same member, so that what is keyed alike is read together. */
export const coPartitioned: PartitionAssigner = {
  name: 'zhongtai-copartitioned',
  describe: () => Buffer.alloc(0),
  assign(members, partitions) {
    const ids = members.map(({ memberId }) => memberId).sort();
    const shareOf = (index: number) => pick(partitions, (partition) => partition % ids.length === index);
    return new Map(ids.map((memberId, index) => [memberId, shareOf(index)]));
  },
};

/** The same choice of partitions in all topics. */
export function pick(partitions: TopicPartitions, wanted: (partition: number) => boolean): TopicPartitions {
  return Object.fromEntries(
    Object.entries(partitions).map(([topic, all]) => [topic, all.filter(wanted).sort((a, b) => a - b)]),
  );
}
