import kafkajs from 'kafkajs';
import { translate, typeOfError } from './broker-errors.ts';
import { HighwayError } from './errors.ts';
import type { BrokerNode, GroupMember as JoinedMember, KafkajsCluster } from './kafkajs-types.ts';
import type { Assignment, CommitPosition, Committed, Place } from './subscription-types.ts';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;
const assignerName = 'zhongtai-copartitioned';
const assignerVersion = 1;

/** A generation of the group, as this member knows it. */
export interface Generation extends Assignment {
  readonly memberId: string;
}

interface MemberOptions {
  readonly cluster: KafkajsCluster;
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
  #coordinator: BrokerNode | null = null;
  #memberId = '';

  constructor(options: MemberOptions) {
    this.#options = options;
  }

  async join(): Promise<Generation> {
    const { groupId, sessionTimeoutMs, rebalanceTimeoutMs, topics } = this.#options;
    try {
      const coordinator = await this.#find();
      const metadata = MemberMetadata.encode({
        version: assignerVersion,
        topics: [...topics],
        userData: Buffer.alloc(0),
      });
      const joined = await coordinator.joinGroup({
        groupId,
        sessionTimeout: sessionTimeoutMs,
        rebalanceTimeout: rebalanceTimeoutMs,
        memberId: this.#memberId,
        groupProtocols: [{ name: assignerName, metadata }],
      });
      this.#memberId = joined.memberId;
      const leads = joined.leaderId === joined.memberId;
      const { memberAssignment } = await coordinator.syncGroup({
        groupId,
        generationId: joined.generationId,
        memberId: joined.memberId,
        groupAssignment: leads ? await this.#assign(joined.members) : [],
      });
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
    await cluster.refreshMetadata();
    const ids = members.map(({ memberId }) => memberId).sort();
    return ids.map((memberId, index) => {
      const assignment = Object.fromEntries(
        topics.map((topic) => [
          topic,
          cluster
            .findTopicPartitionMetadata(topic)
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
    const { groupId } = this.#options;
    try {
      const coordinator = await this.#find();
      await coordinator.heartbeat({ groupId, groupGenerationId: generation, memberId });
    } catch (error) {
      this.#forgetAfter(error);
      throw error;
    }
  }

  async commit({ generation, memberId }: Generation, positions: readonly CommitPosition[]): Promise<void> {
    const { groupId } = this.#options;
    const byTopic = Map.groupBy(positions, ({ topic }) => topic);
    try {
      const coordinator = await this.#find();
      await coordinator.offsetCommit({
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
      });
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
      const coordinator = await this.#find();
      const { responses } = await coordinator.offsetFetch({
        groupId,
        topics: [...byTopic].map(([topic, ofTopic]) => ({
          topic,
          partitions: ofTopic.map(({ partition }) => ({ partition })),
        })),
      });
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
    const coordinator = await this.#find();
    await coordinator.leaveGroup({ groupId: this.#options.groupId, memberId });
  }

  async #find(): Promise<BrokerNode> {
    const { cluster, groupId } = this.#options;
    if (!cluster.isConnected()) await cluster.connect();
    this.#coordinator ??= await cluster.findGroupCoordinator({ groupId });
    return this.#coordinator;
  }

  #forgetAfter(error: unknown): void {
    const type = typeOfError(error);
    if (type === 'UNKNOWN_MEMBER_ID' || type === 'FENCED_INSTANCE_ID') this.#memberId = '';
    if (type !== 'REBALANCE_IN_PROGRESS') this.#coordinator = null;
  }
}
