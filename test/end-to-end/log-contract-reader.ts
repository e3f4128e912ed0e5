import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LogReader, Place } from '@zhongtai/streams';
import type { LogClient } from './log-client.ts';
import { type OutsideKafka, type OutsideWriter, readToEnd } from './log-contract-fixture.ts';

/** One letter a transaction: `c` committed, `a` aborted, `p` a record without a transaction. */
const patterns = ['a', 'c', 'ac', 'ca', 'aa', 'aac', 'aca', 'caa', 'cacac', 'aaaca', 'pap', 'apaca'];

export function describeReader(open: () => LogClient, outside: () => OutsideKafka): void {
  describe('the log reader', () => {
    let client: LogClient;
    let reader: LogReader;
    let writers: OutsideWriter[];

    beforeAll(async () => {
      client = open();
      reader = client.createReader();
      writers = await Promise.all([outside().writer(), outside().writer()]);
    }, 30_000);

    afterAll(async () => {
      await reader.close();
      await client.close();
    });

    const newPlace = async (): Promise<Place> => ({ topic: await outside().topic(), partition: 0 });

    const writer = (n: number): OutsideWriter => {
      const one = writers[n];
      if (one === undefined) throw new Error(`there is no writer ${n}`);
      return one;
    };

    async function writeOne(
      place: Place,
      kind: string,
      values: readonly string[],
      by: number,
    ): Promise<void> {
      if (kind === 'p') return await writer(by).plain(place, values);
      const transaction = await writer(by).begin();
      await transaction.send(place, values);
      await (kind === 'c' ? transaction.commit() : transaction.abort());
    }

    /** Writes a pattern with one of the writers; answers what a reader must see. */
    async function write(place: Place, pattern: string, by = 0): Promise<string[]> {
      const seen: string[] = [];
      for (const [n, kind] of [...pattern].entries()) {
        const values = [`${by}${kind}${n}x`, `${by}${kind}${n}y`];
        await writeOne(place, kind, values, by);
        if (kind !== 'a') seen.push(...values);
      }
      return seen;
    }

    it.each(patterns)(
      'leaves aborted transactions out and stands at the end behind the markers: %s',
      async (pattern) => {
        const place = await newPlace();
        const expected = await write(place, pattern);
        await outside().settled(reader, place);
        const [bounds] = await reader.bounds([place]);
        const whole = await readToEnd(reader, place);
        expect(whole.values).toEqual(expected);
        expect(whole.nextOffset).toBe(bounds?.end);
        const offsets = whole.records.map(({ offset }) => offset);
        for (let from = 0; from <= (bounds?.end ?? 0); from++) {
          const part = await readToEnd(reader, place, from);
          expect(part.values).toEqual(expected.filter((_, n) => (offsets[n] ?? 0) >= from));
        }
      },
    );

    it('leaves out the right ones when transactions of two writers lie within each other', async () => {
      const place = await newPlace();
      const outer = await writer(0).begin();
      await outer.send(place, ['outer 1']);
      const inner = await writer(1).begin();
      await inner.send(place, ['inner 1']);
      await outer.send(place, ['outer 2']);
      await inner.abort();
      const second = await writer(1).begin();
      await second.send(place, ['second']);
      await second.commit();
      await outer.commit();
      await write(place, 'a', 0);
      await outside().settled(reader, place);
      expect((await readToEnd(reader, place)).values).toEqual(['outer 1', 'outer 2', 'second']);
    });

    it('leaves out two aborted transactions of two writers in one fetch', async () => {
      const place = await newPlace();
      await write(place, 'a', 0);
      await write(place, 'a', 1);
      const expected = await write(place, 'c', 0);
      await outside().settled(reader, place);
      const { values, pages } = await readToEnd(reader, place);
      expect(values).toEqual(expected);
      expect(pages).toBe(1);
    });

    it('leaves out an aborted transaction that is longer than a fetch', async () => {
      const place = await newPlace();
      const aborted = await writer(0).begin();
      const committed = await writer(1).begin();
      const filling = 'x'.repeat(2_000);
      for (let n = 0; n < 20; n++) {
        await aborted.send(place, [`no ${n} ${filling}`, filling]);
        await committed.send(place, [`yes ${n} ${filling}`]);
      }
      await aborted.abort();
      await committed.commit();
      await outside().settled(reader, place);
      const { values, pages } = await readToEnd(reader, place, 0, 8_000);
      expect(values.map((value) => value.slice(0, value.indexOf('x') - 1))).toEqual(
        Array.from({ length: 20 }, (_, n) => `yes ${n}`),
      );
      expect(pages).toBeGreaterThan(10);
    });

    it('ends before an open transaction, and behind it when it is committed', async () => {
      const place = await newPlace();
      await write(place, 'p', 1);
      const open = await writer(0).begin();
      await open.send(place, ['open']);
      await write(place, 'p', 1);
      expect((await reader.bounds([place]))[0]).toMatchObject({ earliest: 0, end: 2 });
      expect(await reader.read(place, 2)).toEqual({ records: [], nextOffset: 2 });
      await open.commit();
      await outside().settled(reader, place);
      expect((await readToEnd(reader, place)).values).toEqual(['1p0x', '1p0y', 'open', '1p0x', '1p0y']);
    });

    it('answers null for what is no longer or not yet in the log', async () => {
      const place = await newPlace();
      await write(place, 'pc');
      await outside().settled(reader, place);
      const [bounds] = await reader.bounds([place]);
      const end = bounds?.end ?? 0;
      expect(await reader.read(place, end)).toEqual({ records: [], nextOffset: end });
      expect(await reader.read(place, end + 1)).toBeNull();
      await outside().deleteRecords(place, 2);
      expect((await reader.bounds([place]))[0]).toMatchObject({ earliest: 2, end });
      expect(await reader.read(place, 1)).toBeNull();
      expect((await readToEnd(reader, place, 2)).values).toEqual(['0c1x', '0c1y']);
    });

    it('reads many partitions at once', async () => {
      const topic = await outside().topic(6);
      const places = Array.from({ length: 6 }, (_, partition) => ({ topic, partition }));
      for (const place of places) await writer(0).plain(place, [`of ${place.partition}`]);
      const read = await Promise.all(places.map((place) => readToEnd(reader, place)));
      expect(read.map(({ values }) => values)).toEqual(places.map(({ partition }) => [`of ${partition}`]));
    });
  });
}
