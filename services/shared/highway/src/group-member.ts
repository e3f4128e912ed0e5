import kafkajs from 'kafkajs';
import { translate, typeOfError } from './broker-errors.ts';
import { HighwayError } from './errors.ts';
import type { GuardedCluster } from './guarded-cluster.ts';
import type { BrokerNode, JoinedMember, KafkajsCluster } from './kafkajs-types.ts';
import type { Assignment, CommitPosition, Committed, Place } from './subscription-types.ts';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;
const assignerName = 'zhongtai-copartitioned';
const assignerVersion = 1;

/** A generation of the group, as this member knows it. */
export interface Generation extends Assignment {
  readonly memberId: string;
}

interface MemberOptions {
  readonly cluster: GuardedCluster;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
}

/**
 * The calls of one consumer-group member. Every call names the generation that the caller believes in, and the
 * coordinator refuses a passed one: that is what fences positions.
 */
export class GroupMember {
  readonly #options: MemberOptions;
  /** The coordinator, and the cluster that it belongs to. */
  #coordinator: { readonly node: BrokerNode; readonly of: KafkajsCluster } | null = null;
  #memberId = '';

  constructor(options: MemberOptions) {
    this.#options = options;
  }

  async join(): Promise<Generation> {
    const { groupId, sessionTimeoutMs, rebalanceTimeoutMs, topics } = this.#options;
    try {
      const metadata = MemberMetadata.encode({
        version: assignerVersion,
        topics: [...topics],
        userData: Buffer.alloc(0),
      });
      const joined = await this.#ask(
        'joining',
        (coordinator) =>
          coordinator.joinGroup({
            groupId,
            sessionTimeout: sessionTimeoutMs,
            rebalanceTimeout: rebalanceTimeoutMs,
            memberId: this.#memberId,
            groupProtocols: [{ name: assignerName, metadata }],
          }),
        // The coordinator answers when all members have come, or at the end of this time.
        2 * rebalanceTimeoutMs,
      );
      this.#memberId = joined.memberId;
      const leads = joined.leaderId === joined.memberId;
      const groupAssignment = leads ? await this.#assign(joined.members) : [];
      const { memberAssignment } = await this.#ask(
        'taking the assignment',
        (coordinator) =>
          coordinator.syncGroup({
            groupId,
            generationId: joined.generationId,
            memberId: joined.memberId,
            groupAssignment,
          }),
        2 * rebalanceTimeoutMs,
      );
      const assignment = MemberAssignment.decode(memberAssignment)?.assignment ?? {};
      return {
        generation: joined.generationId,
        memberId: joined.memberId,
        partitions: Object.entries(assignment).flatMap(([topic, partitions]) =>
          partitions.map((partition) => ({ topic, partition })),
        ),
      };
    } catch (error) {
      this.#forgetAfter(error);
      throw translate(error, `join group ${groupId}`, { groupId });
    }
  }

  /** Partition p of every topic goes to the same member, so that what is keyed alike is read together. */
  async #assign(members: readonly JoinedMember[]): Promise<{ memberId: string; memberAssignment: Buffer }[]> {
    const { cluster, topics } = this.#options;
    await cluster.revive(topics);
    const ids = members.map(({ memberId }) => memberId).sort();
    return ids.map((memberId, index) => {
      const assignment = Object.fromEntries(
        topics.map((topic) => [
          topic,
          cluster
            .leadersOf(topic)
            .map(({ partitionId }) => partitionId)
            .filter((partition) => partition % ids.length === index)
            .sort((a, b) => a - b),
        ]),
      );
      const content = { version: assignerVersion, assignment, userData: Buffer.alloc(0) };
      return { memberId, memberAssignment: MemberAssignment.encode(content) };
    });
  }

  async heartbeat({ generation, memberId }: Generation): Promise<void> {
    const { groupId, sessionTimeoutMs } = this.#options;
    try {
      await this.#ask(
        'a heartbeat',
        (coordinator) => coordinator.heartbeat({ groupId, groupGenerationId: generation, memberId }),
        sessionTimeoutMs,
      );
    } catch (error) {
      this.#forgetAfter(error);
      throw error;
    }
  }

  async commit({ generation, memberId }: Generation, positions: readonly CommitPosition[]): Promise<void> {
    const { groupId } = this.#options;
    const byTopic = Map.groupBy(positions, ({ topic }) => topic);
    try {
      await this.#ask('a commit', (coordinator) =>
        coordinator.offsetCommit({
          groupId,
          groupGenerationId: generation,
          memberId,
          topics: [...byTopic].map(([topic, ofTopic]) => ({
            topic,
            partitions: ofTopic.map(({ partition, offset, metadata }) => ({
              partition,
              offset: String(offset),
              metadata: metadata ?? '',
            })),
          })),
        }),
      );
    } catch (error) {
      const type = typeOfError(error);
      this.#forgetAfter(error);
      const code = type === '' ? 'ZT-HIGHWAY-COMMIT-UNKNOWN' : 'ZT-HIGHWAY-COMMIT-REFUSED';
      const what = type === '' ? 'the commit was not answered' : `the commit was refused: ${type}`;
      throw new HighwayError(code, what, { cause: error, details: { groupId, generation, type } });
    }
  }

  async committed(places: readonly Place[]): Promise<Committed[]> {
    const { groupId } = this.#options;
    const byTopic = Map.groupBy(places, ({ topic }) => topic);
    try {
      const { responses } = await this.#ask('committed positions', (coordinator) =>
        coordinator.offsetFetch({
          groupId,
          topics: [...byTopic].map(([topic, ofTopic]) => ({
            topic,
            partitions: ofTopic.map(({ partition }) => ({ partition })),
          })),
        }),
      );
      return responses.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset, metadata }) => ({
          topic,
          partition,
          offset: Number(offset) < 0 ? null : Number(offset),
          metadata: metadata ?? '',
        })),
      );
    } catch (error) {
      this.#forgetAfter(error);
      throw translate(error, `committed positions of ${groupId}`, { groupId });
    }
  }

  async leave(): Promise<void> {
    const memberId = this.#memberId;
    this.#memberId = '';
    if (memberId === '') return;
    const { groupId } = this.#options;
    await this.#ask('leaving', (coordinator) => coordinator.leaveGroup({ groupId, memberId }));
  }

  /** Asks the group's coordinator, which is found when it is not known. */
  async #ask<T>(
    what: string,
    request: (coordinator: BrokerNode) => Promise<T>,
    limitMs?: number,
  ): Promise<T> {
    const { cluster, groupId } = this.#options;
    await cluster.connect();
    return await cluster.run(
      what,
      async (present) => {
        if (this.#coordinator?.of !== present) {
          this.#coordinator = { node: await present.findGroupCoordinator({ groupId }), of: present };
        }
        return await request(this.#coordinator.node);
      },
      limitMs,
    );
  }

  #forgetAfter(error: unknown): void {
    const type = typeOfError(error);
    if (type === 'UNKNOWN_MEMBER_ID' || type === 'FENCED_INSTANCE_ID') this.#memberId = '';
    if (type !== 'REBALANCE_IN_PROGRESS') this.#coordinator = null;
  }
}
