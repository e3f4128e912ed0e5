import { setTimeout as sleep } from 'node:timers/promises';
import { translate } from '../broker-errors.ts';
import { HighwayError } from '../errors.ts';
import { placeName } from '../list-offsets.ts';
import { writeRecordBatch } from '../record-batch-writer.ts';
import { batchRounds, type OutBatch } from './out-batches.ts';
import { isConcurrent, transactionError } from './transaction-errors.ts';
import type { TransactionLink } from './transaction-link.ts';
import {
  endTransactionRequest,
  initProducerIdRequest,
  type ProducerEpoch,
  transactionalProduceRequest,
} from './transaction-requests.ts';
import type { OutRecord, TransactionalProducer } from './types.ts';

/** An open transaction hides what comes after it from readers: the coordinator ends a silent one after this time. */
const transactionTimeoutMs = 10_000;
const limitMs = {
  fence: 20_000,
  /** Below the transaction's own limit: beyond that the coordinator has ended it. */
  commit: 8_000,
  abort: 2_000,
  /** A broker that is coming up may not know its topics yet. */
  missingTopic: 3_000,
};
const produceTimeoutMs = 4_000;
/** Uncompressed; far below what brokers take, so that only a single record can be too large. */
const maxBatchBytes = 900_000;
/** Markers are written within milliseconds; a broker that is away takes longer. */
const backOffMs = { concurrent: 5, first: 20, most: 250 };

interface EncodedBatch extends OutBatch {
  readonly encoded: Buffer;
}

/** What the producer needs of Kafka; a test puts one that fails in its place. */
export type ProducerLink = Pick<TransactionLink, 'ask' | 'send' | 'leaderOf' | 'renew' | 'close'>;

export class KafkaTransactionalProducer implements TransactionalProducer {
  readonly #id: string;
  readonly #link: ProducerLink;
  readonly #clock: () => number;
  #epoch: ProducerEpoch | null = null;
  /** The error after which nothing may be done under this identity. */
  #broken: HighwayError | null = null;
  #aborting: Promise<unknown> = Promise.resolve();

  constructor(transactionalId: string, link: ProducerLink, clock: () => number = Date.now) {
    this.#id = transactionalId;
    this.#link = link;
    this.#clock = clock;
  }

  async fence(): Promise<void> {
    const request = initProducerIdRequest(this.#id, transactionTimeoutMs);
    this.#epoch = await this.#until(limitMs.fence, async () => {
      const { errorCode, ...epoch } = await this.#link.ask('fencing', request);
      if (errorCode !== 0) throw this.#refused(errorCode, 'fencing');
      return epoch;
    });
  }

  async commit(records: readonly OutRecord[]): Promise<ReadonlyMap<string, number>> {
    if (this.#broken !== null) throw this.#broken;
    const epoch = this.#epoch;
    if (epoch === null) throw new HighwayError('ZT-HIGHWAY-STOPPED', 'the producer has not been fenced');
    if (records.length === 0) return new Map();
    // Nothing may begin before this ends, and nothing at all after it failed.
    this.#epoch = null;
    const deadline = this.#clock() + limitMs.commit;
    const ends = new Map<string, number>();
    try {
      for (const round of await encode(records, epoch)) await this.#produce(round, deadline, ends);
    } catch (error) {
      this.#broken = translate(error, `transaction of ${this.#id}`);
      if (!this.#broken.fenced)
        this.#aborting = this.#end(epoch, false, limitMs.abort).catch(() => undefined);
      throw this.#broken;
    }
    try {
      this.#epoch = await this.#end(epoch, true, deadline - this.#clock());
      return ends;
    } catch (error) {
      this.#broken = unknownOutcome(translate(error, `transaction of ${this.#id}`));
      throw this.#broken;
    }
  }

  async close(): Promise<void> {
    this.#broken ??= new HighwayError('ZT-HIGHWAY-STOPPED', 'the producer is closed');
    await this.#aborting;
    await this.#link.close();
  }

  /** Sends a batch to each partition; those that could not take theirs are sent the same bytes again. */
  async #produce(round: readonly EncodedBatch[], deadline: number, ends: Map<string, number>): Promise<void> {
    const left = new Map(round.map((batch) => [placeName(batch), batch]));
    await this.#until(deadline - this.#clock(), async () => {
      const batches = [...left.values()];
      const led = await Promise.all(
        batches.map(async (batch) => ({ batch, leader: await this.#link.leaderOf(batch) })),
      );
      const byLeader = Map.groupBy(led, ({ leader }) => leader);
      const failures = await Promise.all(
        [...byLeader].map(([node, ofNode]) => {
          const own = ofNode.map(({ batch }) => batch);
          return this.#produceAt(node, own, left, ends);
        }),
      );
      throwWorst(failures.flat());
      const [unanswered] = left.keys();
      if (unanswered !== undefined) throw new HighwayError('ZT-HIGHWAY-AWAY', `no answer for ${unanswered}`);
    });
  }

  /** One request to one leader: takes what is stored off the list, answers with the errors of the rest. */
  async #produceAt(
    node: number,
    batches: readonly EncodedBatch[],
    left: Map<string, EncodedBatch>,
    ends: Map<string, number>,
  ): Promise<HighwayError[]> {
    const pieces = batches.map(({ topic, partition, encoded }) => ({ topic, partition, bytes: encoded }));
    try {
      const request = transactionalProduceRequest(this.#id, pieces, produceTimeoutMs);
      const { partitions } = await this.#link.send(node, request);
      return partitions.flatMap(({ errorCode, baseOffset, reason, ...place }) => {
        const name = placeName(place);
        const batch = left.get(name);
        if (errorCode !== 0) return [this.#refused(errorCode, `${name}: ${reason}`, { ...place })];
        if (batch !== undefined) ends.set(name, baseOffset + batch.records.length);
        left.delete(name);
        return [];
      });
    } catch (error) {
      return [translate(error, 'produce')];
    }
  }

  async #end(epoch: ProducerEpoch, commit: boolean, withinMs: number): Promise<ProducerEpoch> {
    const what = commit ? 'committing' : 'aborting';
    const request = endTransactionRequest(this.#id, epoch, commit);
    return await this.#until(withinMs, async () => {
      const { errorCode, ...next } = await this.#link.ask(what, request);
      if (errorCode !== 0) throw this.#refused(errorCode, what);
      return next;
    });
  }

  #refused(code: number, what: string, details: Record<string, unknown> = {}): HighwayError {
    return transactionError(code, what, { ...details, transactionalId: this.#id });
  }

  /** Tries until it succeeds, fails for good, or time is over. */
  async #until<T>(withinMs: number, work: () => Promise<T>): Promise<T> {
    const since = this.#clock();
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        const ours = translate(error, `transaction of ${this.#id}`);
        if (!mayPass(ours, this.#clock() - since, withinMs)) throw ours;
        if (isConcurrent(ours)) {
          await sleep(backOffMs.concurrent);
          continue;
        }
        await sleep(Math.min(backOffMs.most, backOffMs.first * 2 ** Math.min(attempt, 10)));
        await this.#link.renew();
      }
    }
  }
}

function encode(records: readonly OutRecord[], epoch: ProducerEpoch): Promise<EncodedBatch[][]> {
  const encodeOne = async (batch: OutBatch): Promise<EncodedBatch> => {
    const identity = { ...epoch, firstSequence: batch.sequence, transactional: true };
    return { ...batch, encoded: await writeRecordBatch(batch.records, identity, batch.bytes + 64) };
  };
  const rounds = batchRounds(records, maxBatchBytes);
  return Promise.all(rounds.map((round) => Promise.all(round.map(encodeOne))));
}

function mayPass({ code }: HighwayError, goneMs: number, withinMs: number): boolean {
  if (goneMs >= withinMs) return false;
  return code === 'ZT-HIGHWAY-AWAY' || (code === 'ZT-HIGHWAY-NO-TOPIC' && goneMs < limitMs.missingTopic);
}

/** What cannot come right decides, before what might. */
function throwWorst(failures: readonly HighwayError[]): void {
  const worst =
    failures.find(({ fenced }) => fenced) ?? failures.find(({ code }) => code !== 'ZT-HIGHWAY-AWAY');
  if (worst !== undefined) throw worst;
  if (failures[0] !== undefined) throw failures[0];
}

/** The request to commit may have been done, whatever came after: only fencing and reading tell. */
function unknownOutcome(error: HighwayError): HighwayError {
  if (error.failure !== 'retryable') return error;
  const { message, details } = error;
  return new HighwayError('ZT-HIGHWAY-TRANSACTION-UNKNOWN', message, { cause: error, details });
}
