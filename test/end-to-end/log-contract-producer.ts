import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LogReader, OutRecord, Place, TransactionalProducer } from '@zhongtai/streams';
import { apiKeys, type KafkaGate, openGate } from './kafka-gate.ts';
import type { ClientUnderTest, LogClient } from './log-client.ts';
import { newName, type OutsideKafka, out, readToEnd, startProcess } from './log-contract-fixture.ts';

const fenced = expect.objectContaining({ fenced: true });

export function describeProducer(
  underTest: ClientUnderTest,
  brokers: () => string,
  outside: () => OutsideKafka,
): void {
  describe('the transactional producer', () => {
    let client: LogClient;
    let behindGate: LogClient;
    let gate: KafkaGate;
    let reader: LogReader;
    const producers: TransactionalProducer[] = [];

    beforeAll(async () => {
      gate = await openGate(brokers());
      client = underTest.open(brokers());
      behindGate = underTest.open(gate.address);
      reader = client.createReader();
    }, 30_000);

    afterAll(async () => {
      gate.release();
      await Promise.all([...producers.map((producer) => producer.close()), reader.close()]);
      await Promise.all([client.close(), behindGate.close()]);
      await gate.close();
    }, 30_000);

    async function newPlaces(partitions = 1): Promise<Place[]> {
      const topic = await outside().topic(partitions);
      return Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    }

    async function newPlace(): Promise<Place> {
      const [place] = await newPlaces();
      if (place === undefined) throw new Error('no place was made');
      return place;
    }

    /** A producer that has taken its id over. */
    async function owner(id: string, of = client): Promise<TransactionalProducer> {
      const producer = of.createProducer(id);
      producers.push(producer);
      await producer.fence();
      return producer;
    }

    /** What is there when all transactions have ended; a fence has seen to that for those before it. */
    async function valuesAt(place: Place): Promise<readonly string[]> {
      await outside().settled(reader, place);
      return (await readToEnd(reader, place)).values;
    }

    /** That whoever fenced may ask for ends at once: nothing is open any more. */
    async function expectEnded(places: readonly Place[]): Promise<void> {
      const ends = (await reader.bounds(places)).map(({ end }) => end);
      expect(ends).toEqual(await Promise.all(places.map((place) => outside().end(place))));
    }

    it('writes records as they are given, and says behind which offset they end', async () => {
      const places = await newPlaces(3);
      const [first, second, third] = places as [Place, Place, Place];
      const producer = await owner(newName());
      const timestampMs = Date.now() - 5_000;
      const records: OutRecord[] = [
        out(first, 'a', { key: Buffer.from('key'), timestampMs, headers: [['name', Buffer.from('h')]] }),
        out(second, 'b'),
        out(first, null, { key: Buffer.from('gone') }),
        out(third, ''),
      ];
      const ends = await producer.commit(records);
      const name = ({ topic, partition }: Place) => `${topic}/${partition}`;
      expect(ends).toEqual(
        new Map([
          [name(first), 2],
          [name(second), 1],
          [name(third), 1],
        ]),
      );
      await outside().settled(reader, third);
      const read = (await readToEnd(reader, first)).records;
      expect(read).toMatchObject([
        { offset: 0, timestampMs, key: Buffer.from('key'), value: Buffer.from('a') },
        { offset: 1, key: Buffer.from('gone'), value: null },
      ]);
      expect(read[0]?.headers).toEqual({ name: Buffer.from('h') });
      expect((await readToEnd(reader, third)).records).toMatchObject([{ key: null, value: Buffer.alloc(0) }]);
      expect((await producer.commit([out(first, 'c')])).get(name(first))).toBe(4);
      expect(await producer.commit([])).toEqual(new Map());
    });

    it('writes transactions of many batches in order', async () => {
      const places = await newPlaces(2);
      const producer = await owner(newName());
      const filling = 'x'.repeat(3_000);
      const records = Array.from({ length: 2_000 }, (_, n) => out(places[n % 2] as Place, `${n} ${filling}`));
      await producer.commit(records);
      await producer.commit(records.slice(0, 10));
      for (const [parity, place] of places.entries()) {
        const numbers = (await valuesAt(place)).map((value) => Number.parseInt(value, 10));
        const all = Array.from({ length: 2_000 }, (_, n) => n).filter((n) => n % 2 === parity);
        expect(numbers).toEqual([...all, ...all.slice(0, 5)]);
      }
    }, 30_000);

    it('commits one transaction right after another', async () => {
      const place = await newPlace();
      const producer = await owner(newName());
      const began = performance.now();
      for (let n = 0; n < 20; n++) await producer.commit([out(place, `${n}`)]);
      expect(performance.now() - began).toBeLessThan(20 * 400);
      expect(await valuesAt(place)).toEqual(Array.from({ length: 20 }, (_, n) => `${n}`));
    });

    it('is refused as fenced once another has its id: an idle zombie', async () => {
      const place = await newPlace();
      const id = newName();
      const zombie = await owner(id);
      await zombie.commit([out(place, 'before')]);
      const successor = await owner(id);
      await expect(zombie.commit([out(place, 'of the zombie')])).rejects.toEqual(fenced);
      await successor.commit([out(place, 'after')]);
      await expect(zombie.commit([out(place, 'once more')])).rejects.toBeDefined();
      expect(await valuesAt(place)).toEqual(['before', 'after']);
    });

    it.each([
      ['about to commit', apiKeys.endTransaction],
      ['about to send', apiKeys.produce],
    ])(
      'is refused as fenced once another has its id: a zombie in a transaction, %s',
      async (_when, apiKey) => {
        const places = await newPlaces(2);
        const id = newName();
        const zombie = await owner(id, behindGate);
        await zombie.commit(places.map((place) => out(place, 'before')));
        const held = gate.hold(apiKey);
        const committing = zombie.commit(places.map((place) => out(place, 'of the zombie')));
        const outcome = expect(committing).rejects.toEqual(fenced);
        await held;
        const successor = await owner(id);
        await expectEnded(places);
        await successor.commit(places.map((place) => out(place, 'after')));
        gate.release();
        await outcome;
        await successor.commit(places.map((place) => out(place, 'later')));
        for (const place of places) expect(await valuesAt(place)).toEqual(['before', 'after', 'later']);
      },
      30_000,
    );

    it.each([
      ['of the commit', apiKeys.endTransaction],
      ['of the records', apiKeys.produce],
    ])(
      'stores a transaction once or not at all when the answer %s is lost, and says which',
      async (_what, apiKey) => {
        const place = await newPlace();
        const id = newName();
        const producer = await owner(id, behindGate);
        await producer.commit([out(place, 'before')]);
        gate.loseAnswer(apiKey);
        const fate = await producer.commit([out(place, 'lost answer')]).then(
          () => 'stored',
          (error: { failure?: string }) => error.failure,
        );
        const successor = await owner(id);
        await successor.commit([out(place, 'after')]);
        const values = await valuesAt(place);
        expect(['stored', 'retryable']).toContain(fate);
        const whole = ['before', 'lost answer', 'after'];
        expect([whole, ['before', 'after']]).toContainEqual(values);
        if (fate === 'stored') expect(values).toEqual(whole);
      },
      30_000,
    );

    it('hands its id over at once when its process is killed in a transaction', async () => {
      const place = await newPlace();
      const id = newName();
      const held = gate.hold(apiKeys.endTransaction);
      const process = await startChild(underTest.module, gate.address, id, place);
      await held;
      process.kill('SIGKILL');
      await once(process, 'exit');
      const began = performance.now();
      const successor = await owner(id);
      expect(performance.now() - began).toBeLessThan(5_000);
      await expectEnded([place]);
      gate.release();
      await successor.commit([out(place, 'after')]);
      expect(await valuesAt(place)).toEqual(['after']);
    }, 30_000);

    it('names a record that is too large as bad, and hides nothing behind what it had sent', async () => {
      const places = await newPlaces(2);
      const producer = await owner(newName());
      const large = randomBytes(9_000_000);
      await expect(
        producer.commit([
          out(places[0] as Place, 'beside it'),
          out(places[1] as Place, '', { value: large }),
        ]),
      ).rejects.toMatchObject({ failure: 'bad_record' });
      await producer.close();
      const next = await owner(newName());
      await next.commit([out(places[0] as Place, 'after')]);
      expect(await valuesAt(places[0] as Place)).toEqual(['after']);
    }, 30_000);
  });
}

async function startChild(module: string, brokers: string, id: string, place: Place): Promise<ChildProcess> {
  const args = [module, brokers, id, place.topic, String(place.partition)];
  const started = startProcess('log-contract-child', args);
  await once(started, 'message');
  return started;
}
