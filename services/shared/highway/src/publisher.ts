import { randomBytes } from 'node:crypto';
import type { Logger } from '@zhongtai/runtime';
import errors from 'kafkajs/src/protocol/error.js';
import { translate } from './broker-errors.ts';
import { HighwayError } from './errors.ts';
import type { KafkaClientOptions } from './kafka-client.ts';
import type { HighwayMetrics } from './metrics.ts';
import { partitionOf } from './murmur2.ts';
import { type Batch, PartitionQueue, PublishCall } from './partition-queue.ts';
import type { ProduceAnswer } from './produce-request.ts';
import { ProducerLink, type PublisherLink, pause } from './producer-link.ts';
import type { OutMessage, Publisher, PublisherLimits, Stored } from './publisher-types.ts';
import { writeRecordBatch } from './record-batch-writer.ts';

/** Header names: which boot of which process wrote the record, and the how-manieth of its partition it is. */
const bootHeader = 'zt-boot';
const sequenceHeader = 'zt-seq';

const bootName = Buffer.from(bootHeader);
const sequenceName = Buffer.from(sequenceHeader);
const recordOverheadBytes = 64;
const duplicateSequence = 46;
const sweepMs = 100;

interface PublisherParts extends KafkaClientOptions {
  readonly logger: Logger;
  readonly metrics: HighwayMetrics;
  readonly clock: () => number;
}

type Fate = 'stored' | 'again' | HighwayError;

/**
 * One request under way per broker. What is published meanwhile waits and forms the next request, so batches
 * grow with the load and a lone record goes at once.
 */
export class KafkaPublisher implements Publisher {
  readonly capacityBytes: number;
  readonly #limits: Required<PublisherLimits>;
  readonly #parts: PublisherParts;
  readonly #link: PublisherLink;
  readonly #boot = Buffer.from(randomBytes(9).toString('base64url'));
  readonly #topics = new Map<string, PartitionQueue[]>();
  readonly #learning = new Map<string, Promise<void>>();
  readonly #busyNodes = new Set<number>();
  readonly #calls = new Set<PublishCall>();
  #bytes = 0;
  #flushing = false;
  #failures = 0;
  #turn = 0;
  #state: 'new' | 'running' | 'stopping' | 'stopped' = 'new';
  #sweeper: NodeJS.Timeout | null = null;
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
    await Promise.allSettled([...this.#calls].map((call) => call.promise));
    this.#state = 'stopped';
    this.#stopSweeper();
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
    const call = new PublishCall(messages.length, this.#parts.clock() + this.#limits.timeoutMs);
    this.#count(bytes);
    this.#calls.add(call);
    this.#startSweeper();
    void this.#enter(messages, call, bytes);
    try {
      return await call.promise;
    } finally {
      this.#calls.delete(call);
    }
  }

  /** Puts the records of a call into their queues; at once when their topics are known. */
  async #enter(messages: readonly OutMessage[], call: PublishCall, bytes: number): Promise<void> {
    try {
      for (const message of messages) {
        while (!this.#topics.has(message.topic)) await this.#learnTopic(message.topic, call.deadline);
      }
    } catch (error) {
      this.#count(-bytes);
      call.fail(translate(error, 'publish'));
      return;
    }
    if (call.settled) {
      this.#count(-bytes);
      return;
    }
    this.#turn++;
    for (let index = 0; index < messages.length; index++) {
      const message = messages[index];
      if (message !== undefined) this.#enqueue(message, call, index);
    }
    this.#scheduleFlush();
  }

  #enqueue(message: OutMessage, call: PublishCall, index: number): void {
    const queues = this.#topics.get(message.topic) ?? [];
    const key = message.key === null ? null : Buffer.from(message.key);
    const queue = queues[key === null ? this.#turn % queues.length : partitionOf(key, queues.length)];
    if (queue === undefined) return;
    const headers: [Buffer, Buffer][] = [
      [bootName, this.#boot],
      [sequenceName, Buffer.from(String(queue.stamp++))],
    ];
    if (message.headers !== undefined) {
      for (const [name, value] of Object.entries(message.headers)) {
        headers.push([Buffer.from(name), typeof value === 'string' ? Buffer.from(value) : value]);
      }
    }
    queue.add({
      key,
      value: message.value,
      headers,
      timestampMs: message.timestampMs,
      bytes: bytesOf(message),
      call,
      index,
    });
  }

  #learnTopic(topic: string, deadline: number): Promise<void> {
    const under = this.#learning.get(topic);
    if (under !== undefined) return under;
    const learning = this.#link
      .partitionsOf(topic, deadline)
      .then((found) => {
        this.#topics.set(
          topic,
          found.map(({ partitionId, leader }) => new PartitionQueue(topic, partitionId, leader)),
        );
      })
      .finally(() => this.#learning.delete(topic));
    this.#learning.set(topic, learning);
    return learning;
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
    const free = [...this.#topics.values()]
      .flat()
      .filter((queue) => !queue.busy && queue.hasWork && !this.#busyNodes.has(queue.leader));
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
    const late = new HighwayError('ZT-HIGHWAY-TIMEOUT', 'kafka did not acknowledge in time');
    this.#conclude(batch, late, -1);
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
      for (const batch of batches) this.#conclude(batch, this.#fateAfter(batch, error), -1);
    }
    await this.#afterRequest(node, failed);
  }

  async #afterRequest(node: number, failed: boolean): Promise<void> {
    this.#failures = failed ? this.#failures + 1 : 0;
    this.#healthy = !failed;
    if (failed && this.#state !== 'stopped') {
      await pause(this.#failures);
      await this.#link.refreshLeaders(this.#topics);
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
      const fate = stored ? 'stored' : this.#fateAfter(batch, errors.createErrorFromCode(code));
      if (!stored) failed = true;
      this.#conclude(batch, fate, code === 0 ? Number(result?.baseOffset) : -1);
    }
    return failed;
  }

  /** Whether a batch that failed may go again with the same sequence. */
  #fateAfter(batch: Batch, error: unknown): Fate {
    const ours = translate(error, 'publish', { topic: batch.queue.topic, partition: batch.queue.partition });
    if (ours.code === 'ZT-HIGHWAY-PRODUCER-REPLACED' && batch.attempts === 1) {
      // Refused at its first sending, so it is nowhere stored: it may go again under a new identity.
      batch.queue.giveUpIdentity();
      batch.encoded = null;
      return 'again';
    }
    return mayPass(ours) && this.#parts.clock() < batch.deadline ? 'again' : ours;
  }

  #conclude(batch: Batch, fate: Fate, baseOffset: number): void {
    const { queue, records } = batch;
    queue.busy = false;
    if (fate === 'again') {
      this.#parts.metrics.publishRetries.inc();
      queue.putBack(batch);
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

  /** Time limits hold even while a request hangs: a call is answered at its deadline. */
  #startSweeper(): void {
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepMs);
  }

  #sweep(): void {
    const now = this.#parts.clock();
    const expired = [...this.#calls].filter(({ deadline }) => deadline <= now);
    for (const call of expired) {
      call.fail(new HighwayError('ZT-HIGHWAY-TIMEOUT', 'kafka did not acknowledge in time'));
    }
    if (expired.length > 0) {
      for (const queue of [...this.#topics.values()].flat()) this.#count(-queue.dropSettled());
    }
    if (this.#calls.size === 0) this.#stopSweeper();
  }

  #stopSweeper(): void {
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#sweeper = null;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#parts.metrics.bytesInFlight.inc(bytes);
  }
}

/** A broker that is coming up may not know its topics yet; a lost sequence does not come back. */
function mayPass({ code, failure }: HighwayError): boolean {
  if (code === 'ZT-HIGHWAY-NO-TOPIC') return true;
  return failure === 'retryable' && code !== 'ZT-HIGHWAY-PRODUCER-REPLACED';
}

function bytesOf(message: OutMessage): number {
  return (message.key?.length ?? 0) + (message.value?.length ?? 0) + recordOverheadBytes;
}
