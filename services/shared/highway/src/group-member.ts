import kafkajs from 'kafkajs';
import { translate, typeOfError } from './broker-errors.ts';
import { HighwayError } from './errors.ts';
import { heartbeatAsInstance, joinAsInstance } from './group-requests.ts';
import type { GuardedCluster } from './guarded-cluster.ts';
import { exchange } from './kafka-client.ts';
import type { BrokerNode, JoinedGroup, KafkajsCluster } from './kafkajs-types.ts';
import type { PartitionAssigner } from './partition-assigner.ts';
import type { Assignment, CommitPosition, Committed, Place } from './subscription-types.ts';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;
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
  readonly assigner: PartitionAssigner;
  /** A name that outlives the process: who joins under it takes the place of the one before. */
  readonly instance?: string;
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
  /** What it had in the last generation, for as long as nobody else may have it. */
  #owned: readonly Place[] = [];

  constructor(options: MemberOptions) {
    this.#options = options;
  }

  async join(): Promise<Generation> {
    const { groupId, rebalanceTimeoutMs } = this.#options;
    try {
      // The coordinator answers when all members have come, or at the end of this time.
      const joined = await this.#ask('joining', (node) => this.#joinAt(node), 2 * rebalanceTimeoutMs);
      this.#memberId = joined.memberId;
      const leads = joined.leaderId === joined.memberId;
      const groupAssignment = leads ? await this.#assign(joined) : [];
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
      this.#owned = Object.entries(assignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => ({ topic, partition })),
      );
      const { generationId: generation, memberId } = joined;
      return { generation, memberId, partitions: this.#owned };
    } catch (error) {
      this.#forgetAfter(error);
      throw translate(error, `join group ${groupId}`, { groupId });
    }
  }

  #joinAt(coordinator: BrokerNode): Promise<JoinedGroup> {
    const { groupId, sessionTimeoutMs, rebalanceTimeoutMs, topics, assigner, instance } = this.#options;
    const userData = assigner.describe(this.#owned);
    const metadata = MemberMetadata.encode({ version: assignerVersion, topics: [...topics], userData });
    const join = {
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      memberId: this.#memberId,
      groupProtocols: [{ name: assigner.name, metadata }],
    };
    if (instance === undefined) return coordinator.joinGroup(join);
    return exchange(coordinator, joinAsInstance({ ...join, groupInstanceId: instance }));
  }

  async #assign({ members }: JoinedGroup): Promise<{ memberId: string; memberAssignment: Buffer }[]> {
    const { cluster, topics, assigner } = this.#options;
    await cluster.revive(topics);
    const described = members.map(({ memberId, memberMetadata }) => ({
      memberId,
      description: MemberMetadata.decode(memberMetadata)?.userData ?? Buffer.alloc(0),
    }));
    const partitions = Object.fromEntries(
      topics.map((topic) => [topic, cluster.leadersOf(topic).map(({ partitionId }) => partitionId)]),
    );
    return [...assigner.assign(described, partitions)].map(([memberId, own]) => {
      const assignment = Object.fromEntries(Object.entries(own).map(([topic, some]) => [topic, [...some]]));
      const content = { version: assignerVersion, assignment, userData: Buffer.alloc(0) };
      return { memberId, memberAssignment: MemberAssignment.encode(content) };
    });
  }

  async heartbeat({ generation, memberId }: Generation): Promise<void> {
    const { groupId, sessionTimeoutMs, instance } = this.#options;
    const beat = { groupId, groupGenerationId: generation, memberId };
    try {
      await this.#ask(
        'a heartbeat',
        (coordinator) =>
          instance === undefined
            ? coordinator.heartbeat(beat)
            : exchange(coordinator, heartbeatAsInstance({ ...beat, groupInstanceId: instance })),
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
    this.#owned = [];
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
    if (type === 'UNKNOWN_MEMBER_ID') {
      this.#memberId = '';
      this.#owned = [];
    }
    if (type !== 'REBALANCE_IN_PROGRESS') this.#coordinator = null;
  }
}
