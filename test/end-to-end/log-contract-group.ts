import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Place } from '@zhongtai/streams';
import { eventually } from './highway-fixture.ts';
import type { ClientUnderTest, LogClient } from './log-client.ts';
import { newName, type OutsideKafka, type OutsideWriter, startProcess } from './log-contract-fixture.ts';
import { Member, type MemberOptions } from './log-contract-member.ts';

/** Generous: other tests share the machine. */
const soon = (holds: () => boolean) => eventually(holds, 30_000);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export function describeGroup(
  underTest: ClientUnderTest,
  brokers: () => string,
  outside: () => OutsideKafka,
): void {
  describe('the group', () => {
    let client: LogClient;
    let writer: OutsideWriter;
    const members: Member[] = [];

    beforeAll(async () => {
      client = underTest.open(brokers());
      writer = await outside().writer();
    }, 30_000);

    afterEach(async () => {
      for (const { group } of members.splice(0)) await group.stop();
    }, 30_000);

    afterAll(async () => {
      await client.close();
    });

    async function newGroup(partitions: number, topics = 1) {
      const names = await Promise.all(Array.from({ length: topics }, () => outside().topic(partitions)));
      return { groupId: newName(), topics: names };
    }

    async function joined(options: MemberOptions): Promise<Member> {
      const member = new Member(client, options);
      members.push(member);
      await member.group.start();
      await soon(() => member.tasks !== null);
      return member;
    }

    const tasksOf = (some: readonly Member[]) => some.map(({ tasks }) => [...(tasks ?? [])]);
    const shared = (some: readonly Member[], count: number) =>
      some.every(({ tasks }) => tasks !== null && tasks.length > 0) && tasksOf(some).flat().length === count;

    it('gives partition p of all topics to one member, and about as many to each', async () => {
      const group = await newGroup(5, 2);
      const a = await joined({ ...group, instance: 'a' });
      expect(a.tasks).toEqual([0, 1, 2, 3, 4]);
      const b = await joined({ ...group, instance: 'b' });
      await soon(() => shared([a, b], 5));
      const places = group.topics.flatMap((topic) =>
        Array.from({ length: 5 }, (_, partition) => ({ topic, partition })),
      );
      for (const place of places) await writer.plain(place, [`${place.partition}`]);
      await soon(() => a.seen.length + b.seen.length === 10);
      for (const member of [a, b]) {
        const own = new Set(member.tasks);
        expect(member.seen.every(({ partition }) => own.has(partition))).toBe(true);
        expect(member.seen.length).toBe(2 * own.size);
      }
    }, 90_000);

    it('gives tasks to who holds them warm, and leaves the others where they are', async () => {
      const group = await newGroup(4);
      const a = await joined({ ...group, instance: 'a' });
      const b = await joined({ ...group, instance: 'b', warm: [1, 2] });
      await soon(() => shared([a, b], 4));
      expect(tasksOf([a, b])).toEqual([
        [0, 3],
        [1, 2],
      ]);
      a.group.rejoin();
      await soon(() => a.revoked.includes('lost') && shared([a, b], 4));
      expect(tasksOf([a, b]).map((tasks) => tasks.length)).toEqual([2, 2]);
    }, 90_000);

    it('delivers each record once and in order under load while members come and go, none after a revocation', async () => {
      const group = await newGroup(4);
      const topic = group.topics[0] ?? '';
      const positions = new Map<number, number>();
      const written: string[][] = [[], [], [], []];
      let writing = true;
      const load = (async () => {
        for (let n = 0; writing; n++) {
          const partition = n % 4;
          const values = Array.from({ length: 20 }, (_, i) => `${n}-${i}`);
          await writer.plain({ topic, partition }, values);
          written[partition]?.push(...values);
          await pause(3);
        }
      })();
      const start = (instance: string) => joined({ ...group, instance, positions, workMs: 4 });
      const a = await start('a');
      const b = await start('b');
      await soon(() => shared([a, b], 4));
      await pause(300);
      const c = await start('c');
      await soon(() => shared([a, b, c], 4));
      await pause(300);
      await b.group.stop();
      await soon(() => shared([a, c], 4));
      a.group.rejoin();
      await pause(300);
      await soon(() => shared([a, c], 4));
      writing = false;
      await load;
      const all = [a, b, c];
      const count = () => all.reduce((sum, { seen }) => sum + seen.length, 0);
      await soon(() => count() >= written.flat().length);
      await pause(100);
      expect(all.flatMap(({ violations }) => violations)).toEqual([]);
      for (const [partition, values] of written.entries()) {
        const seen = all
          .flatMap((member) => member.seen.filter((record) => record.partition === partition))
          .sort((x, y) => x.offset - y.offset);
        expect(seen.map(({ value }) => value)).toEqual(values);
      }
    }, 60_000);

    it('gives its place to a process that comes under the same name, at once, and confirms only the new one', async () => {
      const group = await newGroup(4);
      const a = await joined({ ...group, instance: 'a' });
      const other = await joined({ ...group, instance: 'other' });
      await soon(() => shared([a, other], 4));
      const generation = a.generation ?? -1;
      const before = [...(a.tasks ?? [])];
      expect(await a.group.confirm(generation)).toBe(true);
      expect(await a.group.confirm(generation - 1)).toBe(false);
      const began = performance.now();
      const again = await joined({ ...group, instance: 'a', warm: before });
      await soon(() => shared([again, other], 4));
      expect(performance.now() - began).toBeLessThan(5_000);
      expect(tasksOf([again])).toEqual([before]);
      expect(other.revoked).toEqual([]);
      expect(await a.group.confirm(generation)).toBe(false);
      await soon(() => a.revoked.includes('lost'));
      expect(await again.group.confirm(again.generation ?? -1)).toBe(true);
    }, 90_000);

    it('records positions for others to see, under the present generation only', async () => {
      const group = await newGroup(1);
      const place = { topic: group.topics[0] ?? '', partition: 0 };
      const a = await joined({ ...group, instance: 'a' });
      const generation = a.generation ?? -1;
      await a.group.record(generation, [{ ...place, offset: 7 }]);
      expect(await outside().recorded(group.groupId, place)).toBe(7);
      a.group.rejoin();
      await expect(a.group.record(generation, [{ ...place, offset: 9 }])).rejects.toBeDefined();
      await soon(() => a.generation !== null && a.generation > generation);
      await expect(a.group.record(generation, [{ ...place, offset: 9 }])).rejects.toBeDefined();
      expect(await outside().recorded(group.groupId, place)).toBe(7);
    }, 90_000);

    it('moves the position behind markers and aborted transactions, though there is no record to deliver', async () => {
      const group = await newGroup(1);
      const place: Place = { topic: group.topics[0] ?? '', partition: 0 };
      const a = await joined({ ...group, instance: 'a' });
      const aborted = await writer.begin();
      await aborted.send(place, ['no']);
      await aborted.abort();
      const committed = await writer.begin();
      await committed.send(place, ['yes']);
      await committed.commit();
      // The marker of a commit may come into the log a moment after the commit's answer.
      await soon(() => a.positions.get(0) === 4);
      expect(await outside().end(place)).toBe(4);
      expect(a.seen.map(({ value }) => value)).toEqual(['yes']);
    }, 90_000);

    it('delivers the next batch of a partition when the former is done, none while paused, and hides open transactions', async () => {
      const group = await newGroup(2);
      const [first, second] = [0, 1].map((partition) => ({ topic: group.topics[0] ?? '', partition }));
      if (first === undefined || second === undefined) throw new Error('no places');
      const a = await joined({ ...group, instance: 'a', workMs: 300 });
      a.group.pause(second);
      await writer.plain(second, ['paused']);
      for (const value of ['1', '2', '3']) await writer.plain(first, [value]);
      const open = await writer.begin();
      await open.send(first, ['open']);
      await soon(() => a.seen.length >= 3);
      expect(a.mostAtOnce).toBe(1);
      expect(a.seen.map(({ value }) => value)).toEqual(['1', '2', '3']);
      a.group.resume(second);
      await soon(() => a.seen.length >= 4);
      await open.commit();
      await soon(() => a.seen.length >= 5);
      expect(a.seen.slice(3).map(({ value }) => value)).toEqual(['paused', 'open']);
    }, 90_000);

    it('uses little of a core while nothing happens', async () => {
      const { groupId, topics } = await newGroup(4);
      const idle = startProcess('log-contract-idle', [underTest.module, brokers(), groupId, ...topics]);
      const [told]: unknown[] = await once(idle, 'message');
      expect(told).toMatchObject({ tasks: 4, share: expect.any(Number) });
      expect((told as { share: number }).share).toBeLessThan(0.03);
    }, 30_000);
  });
}
