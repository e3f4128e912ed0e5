import type { Logger } from '@zhongtai/runtime';
import errors from 'kafkajs/src/protocol/error.js';
import { type Fate, fateAfter } from './batch-fate.ts';
import { translate } from './broker-errors.ts';
import { HighwayError } from './errors.ts';
import type { KafkaClientOptions } from './kafka-client.ts';
import type { HighwayMetrics } from './metrics.ts';
import type { Batch, PublishCall } from './partition-queue.ts';
import type { ProduceAnswer } from './produce-request.ts';
import { ProducerLink, type PublisherLink, pause } from './producer-link.ts';
import { PublishCalls, tooLate } from './publish-calls.ts';
import type { OutMessage, Publisher, PublisherLimits, Stored } from './publisher-types.ts';
import { writeRecordBatch } from './record-batch-writer.ts';
import { bytesOf, TopicQueues } from './topic-queues.ts';

const duplicateSequence = 46;

interface PublisherParts extends KafkaClientOptions {
  readonly logger: Logger;
  readonly metrics: HighwayMetrics;
  readonly clock: () => number;
}

/**
 * One request under way per broker. What is published meanwhile waits and forms the next request, so batches
 * grow with the load and a lone record goes at once.
 */
export class KafkaPublisher implements Publisher {
  readonly capacityBytes: number;
  readonly #limits: Required<PublisherLimits>;
  readonly #parts: PublisherParts;
  readonly #link: PublisherLink;
  readonly #queues: TopicQueues;
  readonly #calls: PublishCalls;
  readonly #busyNodes = new Set<number>();
  #bytes = 0;
  #flushing = false;
  #failures = 0;
  #state: 'new' | 'running' | 'stopping' | 'stopped' = 'new';
  #healthy = false;

  constructor(parts: PublisherParts, limits: PublisherLimits = {}, link?: PublisherLink) {
    this.#parts = parts;
    this.#limits = {
      maxBatchRecords: limits.maxBatchRecords ?? 5_000,
      maxBatchBytes: limits.maxBatchBytes ?? 900_000,
      capacityBytes: limits.capacityBytes ?? 64 * 1024 * 1024,
      timeoutMs: limits.timeoutMs ?? 10_000,
    };
    this.capacityBytes = this.#limits.capacityBytes;
    this.#link = link ?? new ProducerLink(parts, this.#limits.timeoutMs);
    this.#queues = new TopicQueues(this.#link);
    this.#calls = new PublishCalls(parts.clock, this.#limits.timeoutMs, () => {
      for (const queue of this.#queues.all) this.#count(-queue.dropSettled());
    });
  }

  get bytesInFlight(): number {
    return this.#bytes;
  }

  get healthy(): boolean {
    return this.#healthy;
  }

  /** A broker that is away does not fail the start: publishes are refused or wait until it is there. */
  async start(): Promise<void> {
    this.#state = 'running';
    try {
      await this.#link.connect();
      this.#healthy = true;
    } catch (error) {
      this.#parts.logger.warn({ code: translate(error, 'connect').code }, 'kafka does not answer yet');
    }
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopping';
    await this.#calls.drain();
    this.#state = 'stopped';
    await this.#link.disconnect();
  }

  async publish(messages: readonly OutMessage[]): Promise<Stored[]> {
    if (messages.length === 0) return [];
    if (this.#state !== 'running')
      throw new HighwayError('ZT-HIGHWAY-STOPPED', 'the publisher is not running');
    const bytes = messages.reduce((sum, message) => sum + bytesOf(message), 0);
    if (this.#bytes > 0 && this.#bytes + bytes > this.capacityBytes) {
      throw new HighwayError('ZT-HIGHWAY-FULL', 'too many bytes wait for kafka', {
        details: { bytesInFlight: this.#bytes, capacityBytes: this.capacityBytes },
      });
    }
    const call = this.#calls.open(messages.length);
    this.#count(bytes);
    void this.#enter(messages, call, bytes);
    try {
      return await call.promise;
    } finally {
      this.#calls.close(call);
    }
  }

  /** Puts the records of a call into their queues; at once when their topics are known. */
  async #enter(messages: readonly OutMessage[], call: PublishCall, bytes: number): Promise<void> {
    try {
      await this.#queues.learn(messages, call.deadline);
      if (!call.settled) {
        this.#queues.add(messages, call);
        this.#scheduleFlush();
        return;
      }
    } catch (error) {
      call.fail(translate(error, 'publish'));
    }
    this.#count(-bytes);
  }

  /** Collects all that is published in this turn of the event loop before anything is sent. */
  #scheduleFlush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#state === 'stopped') return;
    const { maxBatchRecords, maxBatchBytes } = this.#limits;
    const free = this.#queues.all.filter(
      (queue) => !queue.busy && queue.hasWork && !this.#busyNodes.has(queue.leader),
    );
    const batches = free
      .flatMap((queue) => queue.take(maxBatchRecords, maxBatchBytes) ?? [])
      .filter((batch) => !this.#giveUpLate(batch));
    for (const { queue } of batches) queue.busy = true;
    const byNode = Map.groupBy(batches, ({ queue }) => queue.leader);
    for (const [node, ofNode] of byNode) {
      this.#busyNodes.add(node);
      void this.#send(node, ofNode);
    }
  }

  /** A batch whose callers have been answered already is not sent once more. */
  #giveUpLate(batch: Batch): boolean {
    if (batch.attempts === 0 || this.#parts.clock() < batch.deadline) return false;
    this.#conclude(batch, tooLate(), -1);
    this.#scheduleFlush();
    return true;
  }

  async #send(node: number, batches: readonly Batch[]): Promise<void> {
    let failed = false;
    try {
      await Promise.all(batches.map((batch) => this.#encode(batch)));
      const answer = await this.#link.produce(node, batches);
      failed = this.#settle(batches, answer);
    } catch (error) {
      failed = true;
      for (const batch of batches) this.#conclude(batch, fateAfter(batch, error, this.#parts.clock()), -1);
    }
    await this.#afterRequest(node, failed);
  }

  async #afterRequest(node: number, failed: boolean): Promise<void> {
    this.#failures = failed ? this.#failures + 1 : 0;
    this.#healthy = !failed;
    if (failed && this.#state !== 'stopped') {
      await pause(this.#failures);
      await this.#link.refreshLeaders(this.#queues.topics);
    }
    this.#busyNodes.delete(node);
    this.#flush();
  }

  async #encode(batch: Batch): Promise<void> {
    if (batch.encoded !== null) return;
    const { queue } = batch;
    queue.identity ??= await this.#link.identityFor(queue);
    this.#parts.metrics.batchRecords.observe(batch.records.length);
    batch.encoded = await writeRecordBatch(
      batch.records,
      { ...queue.identity, firstSequence: queue.sequence },
      batch.bytes + 64,
    );
  }

  #settle(batches: readonly Batch[], answer: ProduceAnswer): boolean {
    const results = new Map(
      answer.topics.flatMap(({ topicName, partitions }) =>
        partitions.map((result) => [`${topicName}/${result.partition}`, result] as const),
      ),
    );
    let failed = false;
    for (const batch of batches) {
      const result = results.get(`${batch.queue.topic}/${batch.queue.partition}`);
      const code = result?.errorCode ?? -1;
      const stored = code === 0 || code === duplicateSequence;
      const fate = stored
        ? 'stored'
        : fateAfter(batch, errors.createErrorFromCode(code), this.#parts.clock());
      if (!stored) failed = true;
      this.#conclude(batch, fate, code === 0 ? Number(result?.baseOffset) : -1);
    }
    return failed;
  }

  #conclude(batch: Batch, fate: Fate, baseOffset: number): void {
    const { queue, records } = batch;
    queue.busy = false;
    if (fate === 'again') {
      this.#parts.metrics.publishRetries.inc();
      queue.putBack(batch);
      return;
    }
    if (fate === 'halves') {
      queue.putBackHalves(batch);
      return;
    }
    this.#count(-batch.bytes);
    if (fate === 'stored') {
      queue.advance(records.length);
      this.#parts.metrics.published.inc({ topic: queue.topic }, records.length);
      for (let i = 0; i < records.length; i++) {
        const record = records[i];
        const offset = baseOffset < 0 ? -1 : baseOffset + i;
        record?.call.stored(record.index, { partition: queue.partition, offset });
      }
      return;
    }
    if (batch.encoded !== null) queue.giveUpIdentity();
    this.#parts.metrics.publishFailures.inc({ topic: queue.topic, code: fate.code }, records.length);
    this.#parts.logger.warn(
      { topic: queue.topic, code: fate.code, records: records.length },
      'publish failed',
    );
    for (const record of records) record.call.fail(fate);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#parts.metrics.bytesInFlight.inc(bytes);
  }
}
