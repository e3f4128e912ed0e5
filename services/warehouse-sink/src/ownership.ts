import type { Assignment, Highway, PartitionOwner, Place, RawBatch } from '@zhongtai/highway';
import { codeOf, isFailure, type Logger, messageOf } from '@zhongtai/runtime';
import type { Topic } from '@zhongtai/schemas';
import { SinkError } from './errors.ts';
import { take } from './partition-machine.ts';
import { PartitionWorker, type WorkerOptions } from './partition-worker.ts';
import { givenUp, pause } from './waiting.ts';

export interface OwnershipOptions {
  readonly highway: Pick<Highway, 'ownPartitions'>;
  readonly groupId: string;
  readonly topics: readonly Topic[];
  readonly sessionTimeoutMs: number;
  readonly worker: Omit<WorkerOptions, 'place' | 'topic' | 'generation' | 'owner' | 'onLost'>;
  readonly logger: Logger;
  /** A failure of the whole membership after which going on would be wrong. */
  readonly onFatal: (error: unknown) => void;
}

/** The sink's membership in its group: a worker for every partition that it owns. */
export interface Ownership {
  start(): Promise<void>;
  stop(): Promise<void>;
  workers(): Iterable<PartitionWorker>;
  readonly assigned: boolean;
}

const keyOf = ({ topic, partition }: Place): string => `${topic}/${partition}`;
/** How long a stop or a hand-over waits for inserts under way; what is not done then is replayed. */
const handOverMs = 5000;
/** A refused commit is followed by a rebalance; when none comes, the owner joins anew. */
const rejoinAfterMs = 3000;
/** A partition that could not be read is tried again: a disk or a right may have been mended. */
const heldMs = 60_000;

export function createOwnership(options: OwnershipOptions): Ownership {
  const { highway, topics, logger } = options;
  const byName = new Map(topics.map((topic) => [topic.name, topic]));
  const workers = new Map<string, PartitionWorker>();
  const ending = new AbortController();
  let owner: PartitionOwner | null = null;
  let rejoin: NodeJS.Timeout | null = null;
  let changing: Promise<void> = Promise.resolve();

  async function onAssigned({ generation, partitions }: Assignment): Promise<void> {
    const own = owner;
    if (own === null) throw givenUp();
    const [committed, bounds] = await Promise.all([own.committed(partitions), own.bounds(partitions)]);
    const limits = new Map(bounds.map((bound) => [keyOf(bound), bound]));
    for (const found of committed) {
      const topic = byName.get(found.topic);
      const bound = limits.get(keyOf(found));
      if (topic === undefined || bound === undefined) continue;
      const place = { topic: found.topic, partition: found.partition };
      const taken = take({ ...found, earliest: bound.earliest, end: bound.end }, options.worker.clock());
      warnOfLoss(place, found.offset, bound.earliest);
      const worker = new PartitionWorker(
        { ...options.worker, place, topic, generation, owner: own, onLost: onLost },
        taken,
      );
      workers.set(keyOf(place), worker);
      if (taken.command.do === 'read') own.go(place, taken.command.from);
    }
    logger.info({ generation, partitions: partitions.length }, 'partitions assigned');
  }

  function warnOfLoss(place: Place, offset: number | null, earliest: number): void {
    if (offset === null || offset >= earliest) return;
    logger.error(
      { ...place, from: offset, to: earliest - 1 },
      'records left the topic before they were stored',
    );
  }

  async function onRevoked(assignment: Assignment, reason: 'rebalance' | 'lost' | 'stop'): Promise<void> {
    const leaving = assignment.partitions.flatMap((place) => workers.get(keyOf(place)) ?? []);
    const gracefully = reason !== 'lost';
    const limit = setTimeout(() => {
      for (const worker of leaving) void worker.stop(false);
    }, handOverMs);
    await Promise.all(leaving.map((worker) => worker.stop(gracefully)));
    clearTimeout(limit);
    for (const worker of leaving) {
      if (workers.get(keyOf(worker.place)) === worker) workers.delete(keyOf(worker.place));
    }
  }

  async function onBatch(batch: RawBatch): Promise<void> {
    const worker = workers.get(keyOf(batch));
    if (worker === undefined) throw givenUp();
    try {
      await worker.absorb(batch);
    } catch (error) {
      if (isFailure(error, 'retryable')) throw error;
      const { place } = worker;
      const message = `${keyOf(place)} from offset ${worker.nextOffset}`;
      throw new SinkError('ZT-SINK-BLOCKED', message, { cause: error, details: { ...place } });
    }
  }

  /** The partition stands still, alone: its worker says so until a batch comes in again. */
  function hold(worker: PartitionWorker, error: unknown): void {
    const { place } = worker;
    worker.hold(codeOf(error) ?? 'unknown');
    logger.error({ err: error, ...place, againInMs: heldMs }, 'partition blocked, the others go on');
    setTimeout(() => {
      if (workers.get(keyOf(place)) === worker) owner?.go(place, worker.nextOffset);
    }, heldMs).unref();
  }

  /**
   * Whether the commit counts is not known, and only a new generation makes sure that it cannot arrive later. A
   * generation is the whole membership's, so all partitions are taken anew when no rebalance came by itself.
   */
  function onLost(): void {
    rejoin ??= setTimeout(() => {
      rejoin = null;
      changing = changing.then(reopen, reopen);
    }, rejoinAfterMs);
  }

  function onFatal(error: unknown): void {
    const worker = workers.get(placeKeyOf(error));
    const mayRejoin = restartable.has(codeOf(error) ?? '');
    if (worker !== undefined && !mayRejoin) hold(worker, error);
    else {
      logger.error({ err: error }, 'group membership ended');
      if (mayRejoin) onLost();
      else options.onFatal(error);
    }
  }

  async function open(): Promise<void> {
    for (let attempt = 1; !ending.signal.aborted; attempt++) {
      owner = highway.ownPartitions({
        groupId: options.groupId,
        topics,
        sessionTimeoutMs: options.sessionTimeoutMs,
        // The broker answers at once when there is something; asking seldom keeps an idle sink idle.
        maxWaitMs: 1000,
        onAssigned,
        onRevoked,
        onBatch,
        onFatal,
      });
      try {
        return await owner.start();
      } catch (error) {
        logger.warn({ code: codeOf(error), reason: messageOf(error), attempt }, 'cannot join the group yet');
        await owner.stop().catch(() => undefined);
        await pause(Math.min(5000, 200 * 2 ** attempt), ending.signal);
      }
    }
  }

  async function close(): Promise<void> {
    const closing = owner;
    await closing?.stop().catch((error: unknown) => logger.warn({ err: error }, 'leaving the group failed'));
    owner = null;
    await Promise.all([...workers.values()].map((worker) => worker.stop(false)));
    workers.clear();
  }

  async function reopen(): Promise<void> {
    if (ending.signal.aborted) return;
    logger.warn('joining the group anew');
    await close();
    await open().catch((error: unknown) => {
      if (!ending.signal.aborted) options.onFatal(error);
    });
  }

  return {
    start: open,
    async stop() {
      ending.abort();
      if (rejoin !== null) clearTimeout(rejoin);
      await changing;
      await close();
    },
    workers: () => workers.values(),
    get assigned() {
      return owner?.assignment !== null && owner?.assignment !== undefined;
    },
  };
}

/** The partition that a failure names in its details; '' when it is none of a single one. */
function placeKeyOf(error: unknown): string {
  if (!isFailure(error, 'fatal')) return '';
  const { topic, partition } = error.details;
  return typeof topic === 'string' && typeof partition === 'number' ? keyOf({ topic, partition }) : '';
}

/** Failures of the membership that a new one mends: the positions are looked at again. */
const restartable: ReadonlySet<string> = new Set([
  'ZT-HIGHWAY-OUT-OF-RANGE',
  'ZT-HIGHWAY-AWAY',
  'ZT-HIGHWAY-TIMEOUT',
  'ZT-SINK-GIVEN-UP',
]);
