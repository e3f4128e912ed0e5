/** What kafkajs writes to a socket: its `Encoder`, by shape. */
export interface WireBody {
  readonly buf: Buffer;
  readonly buffer: Buffer;
}

export interface WireRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  encode(): Promise<WireBody>;
}

export interface WireExchange<T> {
  readonly request: WireRequest;
  /** Instead of the connection's, where it is longer. */
  readonly requestTimeout?: number;
  readonly response: { decode(raw: Buffer): Promise<T>; parse(decoded: T): Promise<T> };
}

interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly object[];
}

interface OffsetAnswer {
  readonly partition: number;
  readonly offset: string;
  readonly metadata?: string | null;
}

/** A member of a group, as the coordinator names it to the one that leads. */
interface JoinedMember {
  readonly memberId: string;
  readonly memberMetadata: Buffer;
}

export interface JoinedGroup {
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  /** All members, for the one that leads; none for the others. */
  readonly members: readonly JoinedMember[];
}

/** kafkajs's Broker: one node of the cluster, with a connection for fetches and one for the rest. */
export interface BrokerNode {
  readonly nodeId: number;
  /** What the broker speaks, by request; null before it was asked. */
  readonly versions?: Readonly<Record<number, { readonly maxVersion: number }>> | null;
  readonly connectionPool: { send<T>(exchange: WireExchange<T>): Promise<T> };
  disconnect(): Promise<void>;
  initProducerId(options: {
    transactionTimeout: number;
  }): Promise<{ producerId: string; producerEpoch: number }>;
  joinGroup(options: {
    groupId: string;
    sessionTimeout: number;
    rebalanceTimeout: number;
    memberId: string;
    groupProtocols: { name: string; metadata: Buffer }[];
  }): Promise<JoinedGroup>;
  syncGroup(options: {
    groupId: string;
    generationId: number;
    memberId: string;
    groupAssignment: { memberId: string; memberAssignment: Buffer }[];
  }): Promise<{ memberAssignment: Buffer }>;
  heartbeat(options: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>;
  leaveGroup(options: { groupId: string; memberId: string }): Promise<unknown>;
  offsetCommit(options: {
    groupId: string;
    groupGenerationId: number;
    memberId: string;
    topics: TopicPartitions[];
  }): Promise<unknown>;
  offsetFetch(options: {
    groupId: string;
    topics: TopicPartitions[];
  }): Promise<{ responses: { topic: string; partitions: OffsetAnswer[] }[] }>;
  listOffsets(options: {
    replicaId: number;
    isolationLevel: number;
    topics: TopicPartitions[];
  }): Promise<{ responses: { topic: string; partitions: OffsetAnswer[] }[] }>;
}

export interface PartitionLeader {
  readonly partitionId: number;
  readonly leader: number;
}

/** kafkajs's Cluster: metadata, brokers and coordinators. */
export interface KafkajsCluster {
  isConnected(): boolean;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  addMultipleTargetTopics(topics: string[]): Promise<void>;
  findTopicPartitionMetadata(topic: string): PartitionLeader[];
  findBroker(node: { nodeId: number | string }): Promise<BrokerNode>;
  findControllerBroker(): Promise<BrokerNode>;
  findGroupCoordinator(group: { groupId: string; coordinatorType?: number }): Promise<BrokerNode>;
}
