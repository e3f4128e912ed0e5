import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Stack } from '@zhongtai/local';
import type { Place, TransactionalProducer } from '@zhongtai/streams';
import { eventually, ownStack } from './highway-fixture.ts';
import type { ClientUnderTest, LogClient } from './log-client.ts';
import { newName, type OutsideKafka, out, outsideKafka, readToEnd } from './log-contract-fixture.ts';
import { Member } from './log-contract-member.ts';

const kills = 2;

/** Writes one number after another in transactions, as a task does: after an error it fences, reads and goes on. */
class Writer {
  committed = 0;
  readonly failures: unknown[] = [];
  readonly #client: LogClient;
  readonly #id = newName();
  readonly #places: readonly Place[];
  #stopped = false;

  constructor(client: LogClient, places: readonly Place[]) {
    this.#client = client;
    this.#places = places;
  }

  async run(): Promise<void> {
    let producer = await this.#open();
    while (!this.#stopped) {
      try {
        await producer.commit(this.#places.map((place) => out(place, String(this.committed))));
        this.committed++;
      } catch (error) {
        this.failures.push(error);
        await producer.close();
        producer = await this.#open();
      }
    }
    await producer.close();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Takes the id over and finds out what the last transaction came to. */
  async #open(): Promise<TransactionalProducer> {
    const producer = this.#client.createProducer(this.#id);
    await this.#patiently(() => producer.fence());
    const reader = this.#client.createReader();
    const [place] = this.#places;
    const stored = await this.#patiently(async () =>
      place === undefined ? [] : (await readToEnd(reader, place)).values,
    );
    await reader.close();
    this.committed = stored.length;
    return producer;
  }

  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        this.failures.push(error);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
}

/** A broker of its own is killed while transactions run and a group reads them. */
export function describeBrokerRestart(underTest: ClientUnderTest): void {
  describe(`the log by ${underTest.name}, when its broker is killed`, () => {
    let stack: Stack;
    let stop: () => Promise<void>;
    let outside: OutsideKafka;
    let client: LogClient;

    beforeAll(async () => {
      ({ stack, stop } = await ownStack(['kafka']));
      const brokers = stack.endpoints.kafka ?? '';
      outside = await outsideKafka(brokers);
      client = underTest.open(brokers);
    }, 120_000);

    afterAll(async () => {
      await client.close();
      await outside.stop();
      await stop();
    }, 60_000);

    it('keeps every transaction once, whole and in order, and the group reads on', async () => {
      const topic = await outside.topic(2);
      const places = [0, 1].map((partition) => ({ topic, partition }));
      const writer = new Writer(client, places);
      const running = writer.run();
      const member = new Member(client, { groupId: newName(), topics: [topic], instance: 'a' });
      await member.group.start();
      for (let kill = 0; kill < kills; kill++) {
        const before = writer.committed;
        await eventually(() => writer.committed > before + 30, 60_000);
        await stack.kill('kafka', 'SIGKILL');
        await stack.healthy('kafka');
      }
      const before = writer.committed;
      await eventually(() => writer.committed > before + 30, 60_000);
      writer.stop();
      await running;
      const numbers = Array.from({ length: writer.committed }, (_, n) => String(n));
      const reader = client.createReader();
      for (const place of places) {
        await outside.settled(reader, place);
        expect((await readToEnd(reader, place)).values).toEqual(numbers);
      }
      await eventually(() => member.seen.length >= 2 * numbers.length, 30_000);
      for (const { partition } of places) {
        const own = member.seen.filter((record) => record.partition === partition);
        expect(own.map(({ value }) => value)).toEqual(numbers);
      }
      expect(member.violations).toEqual([]);
      expect(member.fatal).toEqual([]);
      await member.group.stop();
      await reader.close();
      const kinds = writer.failures.map((error) => (error as { failure?: string }).failure);
      expect(kinds.filter((kind) => kind !== 'retryable' && kind !== 'fatal')).toEqual([]);
    }, 180_000);
  });
}
