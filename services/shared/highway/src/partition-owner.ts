import { translate, typeOfError } from './broker-errors.ts';
import { HighwayError } from './errors.ts';
import { GroupMember } from './group-member.ts';
import { GuardedCluster } from './guarded-cluster.ts';
import { createCluster, type KafkaClientOptions } from './kafka-client.ts';
import { listOffsets, placeName } from './list-offsets.ts';
import type { HighwayMetrics } from './metrics.ts';
import { type GenerationParts, OwnedGeneration } from './owned-generation.ts';
import { coPartitioned, type PartitionAssigner } from './partition-assigner.ts';
import type {
  Assignment,
  CommitPosition,
  Committed,
  OwnerOptions,
  PartitionOwner,
  Place,
} from './subscription-types.ts';

const requestTimeoutMs = 10_000;
const rebalanceTimeoutMs = 30_000;
/** Handlers of a passed generation get this long to end before the member joins again without waiting. */
const settleMs = 15_000;
const backOffMs = { first: 100, most: 2_000 };
/** A topic may be created while its first reader starts; only one that stays away is fatal. */
const missingAfterMs = 15_000;

/** How a member joins its group. */
export interface Membership {
  readonly assigner: PartitionAssigner;
  readonly instance?: string;
  /** At most; others learn with their next heartbeat that the group gathers anew. */
  readonly heartbeatMs: number;
}

interface OwnerParts extends KafkaClientOptions {
  readonly metrics: HighwayMetrics;
  readonly clock: () => number;
  readonly membership?: Membership;
}

const ordinaryMembership: Membership = { assigner: coPartitioned, heartbeatMs: 3_000 };

export class KafkaPartitionOwner implements PartitionOwner {
  readonly #parts: OwnerParts;
  readonly #options: OwnerOptions;
  readonly #cluster: GuardedCluster;
  readonly #member: GroupMember;
  #owned: OwnedGeneration | null = null;
  #stopping = false;
  /** The group is left, not only its generation. */
  #leaving = false;
  #running: Promise<void> | null = null;
  #wake: () => void = () => undefined;

  constructor(parts: OwnerParts, options: OwnerOptions, newCluster: typeof createCluster = createCluster) {
    this.#parts = parts;
    this.#options = options;
    this.#cluster = new GuardedCluster(() => newCluster(parts, requestTimeoutMs), requestTimeoutMs);
    const { assigner, instance } = this.#membership;
    this.#member = new GroupMember({
      cluster: this.#cluster,
      groupId: options.groupId,
      topics: options.topics.map(({ name }) => name),
      sessionTimeoutMs: this.#sessionTimeoutMs,
      rebalanceTimeoutMs,
      assigner,
      ...(instance === undefined ? {} : { instance }),
    });
  }

  get #membership(): Membership {
    return this.#parts.membership ?? ordinaryMembership;
  }

  get #sessionTimeoutMs(): number {
    return this.#options.sessionTimeoutMs ?? 10_000;
  }

  get assignment(): Assignment | null {
    const owned = this.#owned;
    return owned === null || owned.reason !== null ? null : owned.generation;
  }

  /** Begins to join the group; a broker that is away is waited for. */
  async start(): Promise<void> {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#owned?.end('stop');
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    let failingSince = this.#parts.clock();
    for (let failures = 0; !this.#stopping; ) {
      try {
        await this.#joinAndLive();
        failures = 0;
        failingSince = this.#parts.clock();
      } catch (error) {
        const ours = translate(error, `group ${this.#options.groupId}`);
        if (isHopeless(ours, this.#parts.clock() - failingSince)) {
          this.#fatal(ours);
          break;
        }
        this.#parts.logger.warn(
          { code: ours.code, groupId: this.#options.groupId },
          'not in the group, joining again',
        );
        await this.#pause(Math.min(backOffMs.most, backOffMs.first * 2 ** failures++));
      }
    }
    await this.#member.leave().catch(() => undefined);
    await this.#cluster.disconnect().catch(() => undefined);
  }

  async #joinAndLive(): Promise<void> {
    await this.#cluster.know(this.#options.topics.map(({ name }) => name));
    const owned = new OwnedGeneration(await this.#member.join(), this.#generationParts());
    this.#owned = owned;
    if (this.#stopping) owned.end('stop');
    try {
      await this.#options.onAssigned(owned.generation);
    } catch (error) {
      // Not to be the owner without knowing where to begin: give the partitions back and join again.
      owned.end(this.#stopping ? 'stop' : 'lost');
      await this.#finish(owned);
      await this.#member.leave().catch(() => undefined);
      throw error;
    }
    await owned.ended;
    await this.#finish(owned);
    if (this.#leaving) await this.#member.leave().catch(() => undefined);
    this.#leaving = false;
  }

  async #finish(owned: OwnedGeneration): Promise<void> {
    const reason = owned.reason ?? 'lost';
    this.#parts.metrics.rebalances.inc({ group: this.#options.groupId, reason });
    try {
      await this.#options.onRevoked(owned.generation, reason);
      await owned.settle(settleMs);
    } catch (error) {
      this.#parts.logger.error({ err: error, groupId: this.#options.groupId }, 'onRevoked failed');
    } finally {
      owned.close();
      this.#owned = null;
    }
  }

  #generationParts(): GenerationParts {
    const { groupId, maxWaitMs = 250, maxBytesPerPartition = 1024 * 1024 } = this.#options;
    return {
      cluster: this.#cluster,
      topics: this.#options.topics.map(({ name }) => name),
      member: this.#member,
      groupId,
      sessionTimeoutMs: this.#sessionTimeoutMs,
      heartbeatMs: Math.min(this.#membership.heartbeatMs, this.#sessionTimeoutMs / 3),
      limits: { maxWaitMs, maxBytesPerPartition, maxBytes: maxBytesPerPartition * 8 },
      logger: this.#parts.logger,
      metrics: this.#parts.metrics,
      clock: this.#parts.clock,
      onBatch: (batch) => this.#options.onBatch(batch),
      onFatal: (error) => this.#fatal(error),
    };
  }

  #fatal(error: unknown): void {
    this.#parts.logger.error({ err: error, groupId: this.#options.groupId }, 'subscription cannot go on');
    this.#options.onFatal?.(error);
  }

  committed(places: readonly Place[]): Promise<Committed[]> {
    return places.length === 0 ? Promise.resolve([]) : this.#member.committed(places);
  }

  go(place: Place, offset: number): void {
    this.#live(place)?.go(place, offset);
  }

  pause(place: Place): void {
    this.#live(place)?.pause(place);
  }

  resume(place: Place): void {
    this.#live(place)?.resume(place);
  }

  /** The generation that owns a place now; a late call for a revoked partition has no effect. */
  #live(place: Place): OwnedGeneration | undefined {
    const owned = this.#owned;
    return owned !== null && owned.reason === null && owned.owns(place) ? owned : undefined;
  }

  async commit(generation: number, positions: readonly CommitPosition[]): Promise<void> {
    const owned = this.#owned;
    const present = owned !== null && owned.generation.generation === generation && owned.reason !== 'lost';
    try {
      if (!present || !positions.every((position) => owned.owns(position))) {
        throw new HighwayError('ZT-HIGHWAY-COMMIT-REFUSED', 'the generation has passed', {
          details: { generation },
        });
      }
      await this.#member.commit(owned.generation, positions);
    } catch (error) {
      const ours = translate(error, 'commit');
      this.#parts.metrics.commitFailures.inc({ group: this.#options.groupId, code: ours.code });
      throw ours;
    }
  }

  async confirm(generation: number): Promise<boolean> {
    const owned = this.#owned;
    if (owned?.generation.generation !== generation || owned.reason === 'lost') return false;
    try {
      await this.#member.heartbeat(owned.generation);
      return true;
    } catch (error) {
      // The others are called together, and until all have come again this generation is the present one.
      return typeOfError(error) === 'REBALANCE_IN_PROGRESS';
    }
  }

  rejoin(): void {
    this.#leaving = true;
    this.#owned?.end('lost');
  }

  async bounds(places: readonly Place[]): Promise<(Place & { earliest: number; end: number })[]> {
    const [first, last] = await Promise.all([
      listOffsets(this.#cluster, places, 'first'),
      listOffsets(this.#cluster, places, 'last'),
    ]);
    return places.map((place) => {
      const name = placeName(place);
      return { ...place, earliest: first.get(name) ?? 0, end: last.get(name) ?? 0 };
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function isHopeless({ code, failure }: HighwayError, failingMs: number): boolean {
  if (code === 'ZT-HIGHWAY-NO-TOPIC') return failingMs > missingAfterMs;
  return failure === 'fatal' && code !== 'ZT-HIGHWAY-UNEXPECTED';
}
