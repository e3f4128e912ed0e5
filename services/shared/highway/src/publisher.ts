import { randomBytes } from 'node:crypto';
import type { Logger } from '@zhongtai/runtime';
import errors from 'kafkajs/src/protocol/error.js';
import { translate } from './broker-errors.ts';
import { HighwayError } from './errors.ts';
import { createCluster, exchange, type KafkaClientOptions, reviveCluster } from './kafka-client.ts';
import type { KafkajsCluster } from './kafkajs-types.ts';
import type { HighwayMetrics } from './metrics.ts';
import { partitionOf } from './murmur2.ts';
import { type Batch, PartitionQueue, type ProducerIdentity, PublishCall } from './partition-queue.ts';
import { type ProduceAnswer, produceRequest } from './produce-request.ts';
import type { OutMessage, Publisher, PublisherLimits, Stored } from './publisher-types.ts';
import { writeRecordBatch } from './record-batch-writer.ts';

/** Header names: which boot of which process wrote the record, and the how-manieth of its partition it is. */
export const bootHeader = 'zt-boot';
export const sequenceHeader = 'zt-seq';

const bootName = Buffer.from(bootHeader);
const sequenceName = Buffer.from(sequenceHeader);
const recordOverheadBytes = 64;
const requestTimeoutMs = 5_000;
const duplicateSequence = 46;
const sweepMs = 100;
const backOffMs = { first: 20, most: 400 };

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
  readonly #cluster: KafkajsCluster;
  readonly #boot = Buffer.from(randomBytes(9).toString('base64url'));
  readonly #topics = new Map<string, PartitionQueue[]>();
  readonly #learning = new Map<string, Promise<void>>();
  readonly #busyNodes = new Set<number>();
  readonly #calls = new Set<PublishCall>();
  #identity: Promise<ProducerIdentity> | null = null;
  #bytes = 0;
  #flushing = false;
  #failures = 0;
  #turn = 0;
  #state: 'new' | 'running' | 'stopping' | 'stopped' = 'new';
  #sweeper: NodeJS.Timeout | null = null;
  #healthy = false;

  constructor(parts: PublisherParts, limits: PublisherLimits = {}) {
    this.#parts = parts;
    this.#limits = {
      maxBatchRecords: limits.maxBatchRecords ?? 5_000,
      maxBatchBytes: limits.maxBatchBytes ?? 900_000,
      capacityBytes: limits.capacityBytes ?? 64 * 1024 * 1024,
      timeoutMs: limits.timeoutMs ?? 10_000,
    };
    this.capacityBytes = this.#limits.capacityBytes;
    this.#cluster = createCluster(parts, Math.min(requestTimeoutMs, this.#limits.timeoutMs));
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
      await this.#cluster.connect();
      this.#healthy = true;
    } catch (error) {
      this.#parts.logger.warn({ error: translate(error, 'connect').code }, 'kafka does not answer yet');
    }
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopping';
    await Promise.allSettled([...this.#calls].map((call) => call.promise));
    this.#state = 'stopped';
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#sweeper = null;
    await this.#cluster.disconnect();
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
    const learning = this.#lookUp(topic, deadline).finally(() => this.#learning.delete(topic));
    this.#learning.set(topic, learning);
    return learning;
  }

  async #lookUp(topic: string, deadline: number): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        if (!this.#cluster.isConnected()) await this.#cluster.connect();
        await this.#cluster.addMultipleTargetTopics([topic]);
        const partitions = this.#cluster.findTopicPartitionMetadata(topic);
        if (partitions.length > 0) {
          const sorted = [...partitions].sort((a, b) => a.partitionId - b.partitionId);
          this.#topics.set(
            topic,
            sorted.map((p) => new PartitionQueue(topic, p.partitionId, p.leader)),
          );
          return;
        }
      } catch (error) {
        const ours = translate(error, `topic ${topic}`, { topic });
        if (ours.failure !== 'retryable') throw ours;
        this.#healthy = false;
        if (this.#parts.clock() >= deadline) throw ours;
      }
      if (this.#parts.clock() >= deadline) {
        throw new HighwayError('ZT-HIGHWAY-AWAY', `topic ${topic} has no leader`, { details: { topic } });
      }
      await pause(attempt);
    }
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
    const byNode = new Map<number, Batch[]>();
    for (const queues of this.#topics.values()) {
      for (const queue of queues) {
        if (queue.busy || !queue.hasWork || this.#busyNodes.has(queue.leader)) continue;
        const batch = queue.take(this.#limits.maxBatchRecords, this.#limits.maxBatchBytes);
        if (batch === null) continue;
        queue.busy = true;
        const batches = byNode.get(queue.leader);
        if (batches === undefined) byNode.set(queue.leader, [batch]);
        else batches.push(batch);
      }
    }
    for (const [node, batches] of byNode) {
      this.#busyNodes.add(node);
      void this.#send(node, batches);
    }
  }

  async #send(node: number, batches: readonly Batch[]): Promise<void> {
    let failed = false;
    try {
      await Promise.all(batches.map((batch) => this.#encode(batch)));
      const broker = await this.#cluster.findBroker({ nodeId: node });
      const sentAt = performance.now();
      for (const batch of batches) batch.attempts++;
      const answer = await exchange(
        broker,
        produceRequest(
          batches.map(({ queue, encoded }) => ({
            topic: queue.topic,
            partition: queue.partition,
            bytes: encoded ?? Buffer.alloc(0),
          })),
          requestTimeoutMs,
        ),
      );
      this.#parts.metrics.publishSeconds.observe((performance.now() - sentAt) / 1000);
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
    if (failed) {
      await pause(this.#failures);
      await this.#learnLeaders();
    }
    this.#busyNodes.delete(node);
    this.#flush();
  }

  async #encode(batch: Batch): Promise<void> {
    if (batch.encoded !== null) return;
    const { queue } = batch;
    queue.identity ??= await this.#freshIdentity(queue);
    this.#parts.metrics.batchRecords.observe(batch.records.length);
    batch.encoded = await writeRecordBatch(
      batch.records,
      { ...queue.identity, firstSequence: queue.sequence },
      batch.bytes + 64,
    );
  }

  async #freshIdentity(queue: PartitionQueue): Promise<ProducerIdentity> {
    const current = await (this.#identity ??= this.#initProducer());
    if (current !== queue.spent) return current;
    this.#parts.metrics.producersReplaced.inc();
    this.#identity = this.#initProducer();
    return await this.#identity;
  }

  async #initProducer(): Promise<ProducerIdentity> {
    try {
      if (!this.#cluster.isConnected()) await this.#cluster.connect();
      await this.#cluster.refreshMetadataIfNecessary();
      const broker = await this.#cluster.findControllerBroker();
      const { producerId, producerEpoch } = await broker.initProducerId({ transactionTimeout: 30_000 });
      return { producerId: BigInt(String(producerId)), producerEpoch };
    } catch (error) {
      this.#identity = null;
      throw error;
    }
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
    const waits = ours.failure === 'retryable' && ours.code !== 'ZT-HIGHWAY-PRODUCER-REPLACED';
    return waits && this.#parts.clock() < batch.deadline ? 'again' : ours;
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

  async #learnLeaders(): Promise<void> {
    try {
      await reviveCluster(this.#cluster);
      for (const [topic, queues] of this.#topics) {
        for (const { partitionId, leader } of this.#cluster.findTopicPartitionMetadata(topic)) {
          const queue = queues[partitionId];
          if (queue !== undefined) queue.leader = leader;
        }
      }
    } catch (error) {
      this.#parts.logger.debug({ code: translate(error, 'metadata').code }, 'metadata not refreshed');
    }
  }

  /** Time limits hold even while a request hangs: a call is answered at its deadline. */
  #startSweeper(): void {
    this.#sweeper ??= setInterval(() => {
      const now = this.#parts.clock();
      let expired = false;
      for (const call of this.#calls) {
        if (call.deadline > now) continue;
        expired = true;
        call.fail(new HighwayError('ZT-HIGHWAY-TIMEOUT', 'kafka did not acknowledge in time'));
      }
      if (expired)
        for (const queues of this.#topics.values()) for (const q of queues) this.#count(-q.dropSettled());
      if (this.#calls.size > 0) return;
      if (this.#sweeper !== null) clearInterval(this.#sweeper);
      this.#sweeper = null;
    }, sweepMs);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#parts.metrics.bytesInFlight.inc(bytes);
  }
}

function bytesOf(message: OutMessage): number {
  return (message.key?.length ?? 0) + (message.value?.length ?? 0) + recordOverheadBytes;
}

function pause(attempt: number): Promise<void> {
  const ms = Math.min(backOffMs.most, backOffMs.first * 2 ** Math.min(attempt, 10));
  return new Promise((resolve) => setTimeout(resolve, ms));
}
