import { randomBytes } from 'node:crypto';
import { HighwayError } from './errors.ts';
import { partitionOf } from './murmur2.ts';
import { PartitionQueue, type PublishCall } from './partition-queue.ts';
import type { PublisherLink } from './producer-link.ts';
import type { OutMessage } from './publisher-types.ts';

/** Header names: which boot of which process wrote the record, and the how-manieth of its partition it is. */
const bootName = Buffer.from('zt-boot');
const sequenceName = Buffer.from('zt-seq');
const recordOverheadBytes = 64;

/** The queues of every partition that is published to; a topic's are made when its first record comes. */
export class TopicQueues {
  readonly #link: Pick<PublisherLink, 'partitionsOf'>;
  readonly #boot = Buffer.from(randomBytes(9).toString('base64url'));
  readonly #topics = new Map<string, PartitionQueue[]>();
  readonly #learning = new Map<string, Promise<void>>();
  #turn = 0;

  constructor(link: Pick<PublisherLink, 'partitionsOf'>) {
    this.#link = link;
  }

  get topics(): ReadonlyMap<string, readonly PartitionQueue[]> {
    return this.#topics;
  }

  get all(): PartitionQueue[] {
    return [...this.#topics.values()].flat();
  }

  /** Makes the queues of these topics; awaits nothing when all are known. */
  async learn(messages: readonly OutMessage[], deadline: number): Promise<void> {
    for (const { topic } of messages) {
      while (!this.#topics.has(topic)) await this.#learnTopic(topic, deadline);
    }
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

  /** Puts the records of a call into their queues. Those without a key go together, another partition each time. */
  add(messages: readonly OutMessage[], call: PublishCall): void {
    this.#turn++;
    for (const [index, message] of messages.entries()) this.#enqueue(message, call, index);
  }

  #enqueue(message: OutMessage, call: PublishCall, index: number): void {
    const queues = this.#topics.get(message.topic) ?? [];
    const key = message.key === null ? null : Buffer.from(message.key);
    const at = key === null ? this.#turn % queues.length : partitionOf(key, queues.length);
    const queue = queues[at];
    if (queue === undefined) {
      // Partitions are learned whole or not at all; a record that fell out here would be lost in silence.
      throw new HighwayError('ZT-HIGHWAY-UNEXPECTED', `${message.topic} has no partition ${at}`);
    }
    const headers: [Buffer, Buffer][] = [
      [bootName, this.#boot],
      [sequenceName, Buffer.from(String(queue.stamp++))],
    ];
    if (message.headers !== undefined) {
      for (const [name, value] of Object.entries(message.headers)) {
        headers.push([Buffer.from(name), typeof value === 'string' ? Buffer.from(value) : value]);
      }
    }
    const { value, timestampMs } = message;
    queue.add({ key, value, headers, timestampMs, bytes: bytesOf(message), call, index });
  }
}

/** What a record counts against the publisher's capacity. */
export function bytesOf(message: OutMessage): number {
  return (message.key?.length ?? 0) + (message.value?.length ?? 0) + recordOverheadBytes;
}
