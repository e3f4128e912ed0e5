import { isFailure, type Logger } from '@zhongtai/runtime';
import errors from 'kafkajs/src/protocol/error.js';
import { translate, typeOfError } from './broker-errors.ts';
import { HighwayError } from './errors.ts';
import { type FetchedPartition, type FetchLimits, fetchRequest } from './fetch-request.ts';
import type { Generation, GroupMember } from './group-member.ts';
import type { GuardedCluster } from './guarded-cluster.ts';
import { exchange } from './kafka-client.ts';
import { LagGauge } from './lag-gauge.ts';
import type { HighwayMetrics } from './metrics.ts';
import { fairOrder, OwnedPartition } from './owned-partition.ts';
import { type ReadRecords, readRecordSet } from './record-batch-reader.ts';
import type { Place, RawBatch } from './subscription-types.ts';

export type EndReason = 'rebalance' | 'lost' | 'stop';

/** A fetch that may block the others of its broker must be short while one of them is about to be ready. */
const shortWaitMs = 20;
const backOffMs = 200;
/** Bytes hurt on their way come right with the next fetch; bytes hurt on disk never do. Six seconds in all. */
const corruptReadsAllowed = 5;

export interface GenerationParts {
  readonly cluster: GuardedCluster;
  readonly topics: readonly string[];
  readonly member: GroupMember;
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly limits: FetchLimits;
  readonly logger: Logger;
  readonly metrics: HighwayMetrics;
  readonly clock: () => number;
  onBatch(batch: RawBatch): Promise<void>;
  onFatal(error: unknown): void;
}

/** The life of one assignment: heartbeats, fetching, delivery. It ends once, and nothing is delivered after. */
export class OwnedGeneration {
  readonly generation: Generation;
  readonly ended: Promise<EndReason>;
  readonly #parts: GenerationParts;
  readonly #partitions: OwnedPartition[];
  readonly #handling = new Set<Promise<void>>();
  readonly #busyNodes = new Set<number>();
  readonly #lag: LagGauge;
  #served = 0;
  #end: (reason: EndReason) => void = () => undefined;
  #reason: EndReason | null = null;
  #heartbeats: NodeJS.Timeout;
  #beating = false;
  #lastBeat: number;

  constructor(generation: Generation, parts: GenerationParts) {
    this.generation = generation;
    this.#parts = parts;
    this.#partitions = generation.partitions.map((place) => new OwnedPartition(place));
    this.#lag = new LagGauge(parts);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#lastBeat = parts.clock();
    this.#heartbeats = setInterval(() => void this.#beat(), parts.heartbeatMs);
  }

  get reason(): EndReason | null {
    return this.#reason;
  }

  /** Stops fetching and delivering; heartbeats go on until `close`, so that what is under way may finish. */
  end(reason: EndReason): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#end(reason);
  }

  /** Waits for handlers that are under way, at most `withinMs`. */
  async settle(withinMs: number): Promise<void> {
    const limit = new Promise((resolve) => setTimeout(resolve, withinMs).unref());
    await Promise.race([Promise.allSettled([...this.#handling]), limit]);
  }

  close(): void {
    clearInterval(this.#heartbeats);
    this.#lag.close(this.#partitions);
  }

  go(place: Place, offset: number): void {
    this.#of(place).go(offset);
    // Its neighbours are sent on their way in the same breath: a fetch of the first alone would make all of them
    // wait for as long as the broker waits for its records.
    queueMicrotask(() => this.#pump());
  }

  pause(place: Place): void {
    this.#of(place).pause(this.#parts.clock());
  }

  resume(place: Place): void {
    this.#of(place).resume();
    this.#pump();
  }

  owns(place: Place): boolean {
    return this.#partitions.some((own) => own.is(place));
  }

  #of(place: Place): OwnedPartition {
    const own = this.#partitions.find((candidate) => candidate.is(place));
    if (own !== undefined) return own;
    throw new HighwayError('ZT-HIGHWAY-COMMIT-REFUSED', 'the partition is not ours', {
      details: { ...place },
    });
  }

  async #beat(): Promise<void> {
    if (this.#beating) return;
    this.#beating = true;
    void this.#lag.refresh(this.#partitions);
    try {
      await this.#parts.member.heartbeat(this.generation);
      this.#lastBeat = this.#parts.clock();
    } catch (error) {
      this.#afterFailedBeat(typeOfError(error));
    } finally {
      this.#beating = false;
    }
  }

  #afterFailedBeat(type: string): void {
    if (type === 'REBALANCE_IN_PROGRESS') this.end('rebalance');
    else if (type === 'ILLEGAL_GENERATION' || type === 'UNKNOWN_MEMBER_ID' || type === 'FENCED_INSTANCE_ID') {
      this.end('lost');
    } else if (this.#parts.clock() - this.#lastBeat > this.#parts.sessionTimeoutMs) this.end('lost');
  }

  /** Starts a fetch at every broker that has none under way and leads a partition that is ready. */
  #pump(): void {
    if (this.#reason !== null) return;
    const byNode = Map.groupBy(
      this.#partitions.filter((own) => own.isReady),
      (own) => this.#parts.cluster.leaderOf(own.topic, own.partition),
    );
    for (const [node, ready] of byNode) {
      if (this.#busyNodes.has(node)) continue;
      this.#busyNodes.add(node);
      void this.#fetch(node, ready);
    }
  }

  async #fetch(node: number, ready: readonly OwnedPartition[]): Promise<void> {
    let failed = false;
    try {
      const positions = fairOrder(ready).map((own) => own.startFetch());
      const soon = this.#partitions.some((own) => own.mayBeReadySoon(this.#parts.clock()));
      const limits = soon ? { ...this.#parts.limits, maxWaitMs: shortWaitMs } : this.#parts.limits;
      const answer = await this.#parts.cluster.run('a fetch', async (cluster) => {
        const broker = await cluster.findBroker({ nodeId: node });
        return await exchange(broker, fetchRequest(positions, limits));
      });
      for (const fetched of answer.partitions) {
        const own = ready.find((candidate) => candidate.is(fetched));
        if (own !== undefined && !this.#receive(own, fetched)) failed = true;
      }
    } catch (error) {
      failed = true;
      this.#parts.logger.debug(
        { code: translate(error, 'fetch').code, groupId: this.#parts.groupId },
        'fetch failed',
      );
    }
    if (failed) await this.#recover();
    this.#busyNodes.delete(node);
    this.#pump();
  }

  async #recover(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, backOffMs));
    if (this.#reason !== null) return;
    await this.#parts.cluster.revive(this.#parts.topics).catch((error: unknown) => {
      this.#parts.logger.debug({ code: translate(error, 'metadata').code }, 'metadata not refreshed');
    });
  }

  /** False when the broker must be asked again after a pause. */
  #receive(own: OwnedPartition, fetched: FetchedPartition): boolean {
    if (this.#reason !== null) return true;
    if (fetched.errorCode !== 0) return this.#refused(own, errors.createErrorFromCode(fetched.errorCode));
    const from = own.takeFetch();
    if (from === null) return true;
    let read: ReadRecords;
    try {
      read = readRecordSet(fetched.recordSet, from, fetched.aborted);
    } catch (error) {
      this.#unreadable(own, from, error);
      return true;
    }
    const { records, nextOffset, bytes } = read;
    const { topic, partition, highWatermark } = fetched;
    const { metrics, groupId } = this.#parts;
    this.#lag.set(own, highWatermark - nextOffset, highWatermark - fetched.lastStableOffset);
    if (nextOffset === from) return true;
    own.servedAt = ++this.#served;
    metrics.fetched.inc({ group: groupId, topic }, records.length);
    const { generation } = this.generation;
    this.#deliver(own, {
      topic,
      partition,
      generation,
      records,
      firstOffset: from,
      nextOffset,
      highWatermark,
      bytes,
    });
    return true;
  }

  #refused(own: OwnedPartition, error: unknown): boolean {
    const { topic, partition, position: offset } = own;
    if (typeOfError(error) === 'CORRUPT_MESSAGE' && own.takeFetch() !== null) {
      this.#unreadable(own, offset ?? 0, new HighwayError('ZT-HIGHWAY-CORRUPT', 'the broker says so'));
      return true;
    }
    const ours = translate(error, `fetch ${topic}/${partition}`, { topic, partition, offset });
    // A topic that its leader does not know yet (a broker that is coming up) is asked for again.
    if (ours.failure === 'retryable' || ours.code === 'ZT-HIGHWAY-NO-TOPIC') return false;
    own.hold();
    this.#parts.onFatal(ours);
    return true;
  }

  /** A wrong checksum is fetched again a few times; then, and after anything else, somebody must decide. */
  #unreadable(own: OwnedPartition, offset: number, error: unknown): void {
    const ours = unreadableAt(own, offset, error);
    if (ours.code !== 'ZT-HIGHWAY-CORRUPT' || own.corruptReads >= corruptReadsAllowed) {
      own.hold();
      this.#parts.onFatal(ours);
      return;
    }
    const waitMs = backOffMs * 2 ** own.corruptReads++;
    const { code, details } = ours;
    this.#parts.logger.warn({ code, ...details, waitMs }, 'corrupt batch, fetched again');
    own.busy = true;
    void this.#wait(waitMs).then(() => {
      own.busy = false;
      this.#pump();
    });
  }

  #wait(ms: number): Promise<unknown> {
    return Promise.race([this.ended, new Promise((resolve) => setTimeout(resolve, ms))]);
  }

  #deliver(own: OwnedPartition, batch: RawBatch): void {
    own.busy = true;
    const handling = this.#handle(own, batch).finally(() => {
      this.#handling.delete(handling);
      own.busy = false;
      this.#pump();
    });
    this.#handling.add(handling);
  }

  async #handle(own: OwnedPartition, batch: RawBatch): Promise<void> {
    for (let attempt = 0; this.#reason === null; attempt++) {
      try {
        await this.#parts.onBatch(batch);
        own.advance(batch.firstOffset, batch.nextOffset);
        return;
      } catch (error) {
        if (!isFailure(error, 'retryable')) {
          own.hold();
          this.#parts.onFatal(error);
          return;
        }
        const waitMs = Math.min(5_000, 100 * 2 ** attempt);
        const { topic, partition, firstOffset } = batch;
        this.#parts.logger.warn(
          { err: error, topic, partition, firstOffset, waitMs },
          'batch waits and is tried again',
        );
        await this.#wait(waitMs);
      }
    }
  }
}

function unreadableAt({ topic, partition }: Place, offset: number, error: unknown): HighwayError {
  const { code, message, details } = translate(error, 'reading');
  return new HighwayError(code, `${topic}/${partition} at offset ${offset}: ${message}`, {
    details: { ...details, topic, partition, offset },
  });
}
