import { setTimeout as sleep } from 'node:timers/promises';
import errors from 'kafkajs/src/protocol/error.js';
import { translate } from '../broker-errors.ts';
import { HighwayError } from '../errors.ts';
import { type FetchedPartition, fetchRequest } from '../fetch-request.ts';
import { GuardedCluster } from '../guarded-cluster.ts';
import { createCluster, exchange, type KafkaClientOptions } from '../kafka-client.ts';
import { listOffsets, placeName } from '../list-offsets.ts';
import { readRecordSet } from '../record-batch-reader.ts';
import type { Place } from '../subscription-types.ts';
import { topicIdsRequest } from './topic-ids.ts';
import type { LogPage, LogReader } from './types.ts';

const requestTimeoutMs = 10_000;
/** At the end of the log: short, because one who asks meanwhile waits for it. */
const maxWaitMs = 100;
const defaultMaxBytes = 1024 * 1024;
/** An answer holds at most this much, or one batch. */
const maxAnswerBytes = 8 * 1024 * 1024;
/** How long a broker that is away, or a topic that is not there yet, is asked again before the caller hears of it. */
const patienceMs = 10_000;
const backOffMs = { first: 50, most: 1_000 };
/** Bytes hurt on their way come right with the next fetch; bytes hurt on disk never do. */
const corruptReadsAllowed = 5;
const corruptBackOffMs = 100;
const offsetOutOfRange = 1;

interface Asked {
  readonly place: Place;
  readonly offset: number;
  readonly maxBytes: number;
  readonly answer: PromiseWithResolvers<LogPage | null>;
}

/** Reads for many at once: what waits for the same broker goes in one request, and one request is under way there. */
export class KafkaLogReader implements LogReader {
  readonly #cluster: GuardedCluster;
  readonly #topics = new Set<string>();
  readonly #waiting = new Map<number, Asked[]>();
  readonly #busyNodes = new Set<number>();
  #renewing: Promise<void> | null = null;
  #closed = false;

  constructor(options: KafkaClientOptions, newCluster: typeof createCluster = createCluster) {
    this.#cluster = new GuardedCluster(() => newCluster(options, requestTimeoutMs), requestTimeoutMs);
  }

  async bounds(places: readonly Place[]): Promise<(Place & { earliest: number; end: number })[]> {
    return await this.#patiently('bounds', async () => {
      await this.#know(places.map(({ topic }) => topic));
      const [first, last] = await Promise.all([
        listOffsets(this.#cluster, places, 'first'),
        listOffsets(this.#cluster, places, 'last'),
      ]);
      return places.map((place) => {
        const earliest = first.get(placeName(place));
        const end = last.get(placeName(place));
        if (earliest !== undefined && end !== undefined) return { ...place, earliest, end };
        throw new HighwayError('ZT-HIGHWAY-NO-TOPIC', `${placeName(place)} does not exist`, {
          details: { ...place },
        });
      });
    });
  }

  async read(place: Place, offset: number, maxBytes = defaultMaxBytes): Promise<LogPage | null> {
    const what = `reading ${placeName(place)} at offset ${offset}`;
    return await this.#patiently(what, async () => {
      for (let corruptReads = 0; ; corruptReads++) {
        try {
          return await this.#readOnce(place, offset, maxBytes);
        } catch (error) {
          const { code, details, message } = translate(error, 'fetch');
          if (code !== 'ZT-HIGHWAY-CORRUPT' || corruptReads >= corruptReadsAllowed) {
            const where = { ...details, ...place, offset };
            throw new HighwayError(code, `${what}: ${message}`, { cause: error, details: where });
          }
          await sleep(corruptBackOffMs * 2 ** corruptReads);
        }
      }
    });
  }

  async identities(topics: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const [first] = topics;
    if (first === undefined) return new Map();
    return await this.#patiently('topic ids', async () => {
      await this.#know(topics);
      const node = this.#cluster.leaderOf(first, 0);
      if (node < 0) throw new HighwayError('ZT-HIGHWAY-AWAY', `${first}/0 has no leader`);
      const ids = await this.#cluster.run('asking for topic ids', async (present) =>
        exchange(await present.findBroker({ nodeId: node }), topicIdsRequest(topics)),
      );
      const missing = topics.find((topic) => !ids.has(topic));
      if (missing === undefined) return ids;
      throw new HighwayError('ZT-HIGHWAY-NO-TOPIC', `${missing} does not exist`, {
        details: { topic: missing },
      });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#cluster.disconnect().catch(() => undefined);
  }

  async #readOnce(place: Place, offset: number, maxBytes: number): Promise<LogPage | null> {
    await this.#know([place.topic]);
    const node = this.#cluster.leaderOf(place.topic, place.partition);
    if (node < 0) throw new HighwayError('ZT-HIGHWAY-AWAY', `${placeName(place)} has no leader`);
    const answer = Promise.withResolvers<LogPage | null>();
    const waiting = this.#waiting.get(node) ?? [];
    waiting.push({ place, offset, maxBytes, answer });
    this.#waiting.set(node, waiting);
    // Those who ask in the same breath go together.
    setImmediate(() => void this.#pump(node));
    return await answer.promise;
  }

  async #pump(node: number): Promise<void> {
    const asked = this.#take(node);
    if (asked.length === 0) return;
    this.#busyNodes.add(node);
    try {
      const positions = asked.map(({ place, offset, maxBytes }) => ({ ...place, offset, maxBytes }));
      const limits = { maxWaitMs, maxBytes: maxAnswerBytes, maxBytesPerPartition: defaultMaxBytes };
      const { partitions } = await this.#cluster.run('a fetch', async (present) =>
        exchange(await present.findBroker({ nodeId: node }), fetchRequest(positions, limits)),
      );
      const found = new Map(partitions.map((fetched) => [placeName(fetched), fetched]));
      for (const one of asked) settle(one, found.get(placeName(one.place)));
    } catch (error) {
      for (const { answer } of asked) answer.reject(error);
    } finally {
      this.#busyNodes.delete(node);
      void this.#pump(node);
    }
  }

  /** What waits for a node, each partition once. */
  #take(node: number): Asked[] {
    if (this.#busyNodes.has(node)) return [];
    const waiting = this.#waiting.get(node) ?? [];
    const taken = new Map<string, Asked>();
    for (const one of waiting) if (!taken.has(placeName(one.place))) taken.set(placeName(one.place), one);
    const going = new Set(taken.values());
    this.#waiting.set(
      node,
      waiting.filter((one) => !going.has(one)),
    );
    return [...going];
  }

  async #know(topics: readonly string[]): Promise<void> {
    const unknown = topics.filter((topic) => !this.#topics.has(topic));
    if (unknown.length === 0) return;
    await this.#cluster.know(unknown);
    for (const topic of unknown) this.#topics.add(topic);
  }

  /** Tries again while brokers, leaders or topics may still come. */
  async #patiently<T>(what: string, work: () => Promise<T>): Promise<T> {
    const until = Date.now() + patienceMs;
    for (let attempt = 0; ; attempt++) {
      if (this.#closed) throw new HighwayError('ZT-HIGHWAY-STOPPED', 'the reader is closed');
      try {
        return await work();
      } catch (error) {
        const ours = translate(error, what);
        const mayPass = ours.code === 'ZT-HIGHWAY-AWAY' || ours.code === 'ZT-HIGHWAY-NO-TOPIC';
        if (!mayPass || Date.now() >= until) throw ours;
        await sleep(Math.min(backOffMs.most, backOffMs.first * 2 ** Math.min(attempt, 10)));
        await this.#renew();
      }
    }
  }

  #renew(): Promise<void> {
    this.#renewing ??= this.#cluster
      .revive([...this.#topics])
      .catch(() => undefined)
      .finally(() => {
        this.#renewing = null;
      });
    return this.#renewing;
  }
}

function pageOf(offset: number, fetched: FetchedPartition | undefined): LogPage | null {
  if (fetched === undefined) throw new HighwayError('ZT-HIGHWAY-AWAY', 'the broker did not answer for it');
  if (fetched.errorCode === offsetOutOfRange) return null;
  if (fetched.errorCode !== 0) throw errors.createErrorFromCode(fetched.errorCode);
  const { records, nextOffset } = readRecordSet(fetched.recordSet, offset, fetched.aborted);
  return { records, nextOffset };
}

function settle({ offset, answer }: Asked, fetched: FetchedPartition | undefined): void {
  try {
    answer.resolve(pageOf(offset, fetched));
  } catch (error) {
    answer.reject(error);
  }
}
