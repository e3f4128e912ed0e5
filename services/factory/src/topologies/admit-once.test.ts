import { describe, expect, it } from '@jest/globals';
import { type Source, sources } from '@zhongtai/schemas';
import { sampleRecord } from '@zhongtai/schemas/sample';
import type { Topology } from '@zhongtai/streams';
import { admit } from './admit.ts';
import { admitParts, catalogueCodec, directEvent, noon, ruleBench } from './admit-fixture.ts';
import { idStore, memoryOf, seenContent } from './admit-once.ts';
import { segmentOf } from './segments.ts';

const hour = 3_600_000;
const codec = catalogueCodec();
const application = admit(admitParts(codec));

function once(source: string): Topology {
  const found = application.topologies.find(({ name }) => name === `once-${source}`);
  if (found === undefined) throw new Error(`no topology for ${source}`);
  return found;
}

function sale(own: Readonly<Record<string, unknown>> = {}): Buffer {
  const { recordName, event } = directEvent('pos_sale', own);
  return codec.encode('inbound.order', recordName, event);
}

const OTHER_ID = '0193a5b0-1234-7abc-8def-0123456789ab';

describe('an event comes onto the highway once', () => {
  it('with its bytes, key, partition and headers as they were', () => {
    const bench = ruleBench(once('order'), codec);
    const headers = { boot: Buffer.from('b1') };
    bench.put('inbound.order', sale(), { key: 'order-7', partition: 3, headers });
    expect(bench.emitted).toMatchObject([
      {
        topic: 'highway.order',
        key: 'order-7',
        options: { partition: 3, headers: 'input' },
      },
    ]);
    expect(bench.emitted[0]?.bytes).toEqual(sale());
  });

  it('however often it comes, by whatever way and whenever within the window', () => {
    const bench = ruleBench(once('order'), codec);
    bench.put('inbound.order', sale());
    bench.put('inbound.order', sale());
    bench.put('inbound.order', sale({ ingest_time: noon + 5, source_system: 'till' }), { at: noon + hour });
    bench.put('inbound.order', sale(), { at: noon + 23 * hour });
    expect([bench.emitted.length, bench.refused]).toEqual([1, ['repeat', 'repeat', 'repeat']]);
  });

  it('and another event under its id is a dead letter', () => {
    const bench = ruleBench(once('order'), codec);
    bench.put('inbound.order', sale());
    bench.put('inbound.order', sale({ store_id: 'another' }));
    expect(bench.refused).toEqual([expect.stringMatching(/^ZT-ADMIT-CONTENT an event of this id/)]);
    bench.put('inbound.order', sale({ store_id: 'another', event_id: OTHER_ID }));
    expect(bench.emitted).toHaveLength(2);
  });

  it.each<[Source, string, number]>([
    ['order', 'pos_sale', 24],
    ['order', 'invoice_issued', 24],
    ['payment', 'payment_captured', 24],
    ['beacon', 'beacon_sighted', 2],
    ['marketing', 'page_viewed', 2],
  ])('%s: a repeat of %s is known for %i hours', (source, eventType, hours) => {
    const { recordName, event } = directEvent(eventType);
    const bytes = codec.encode(`inbound.${source}`, recordName, event);
    for (const into of [0, 1, 1800, 3599].map((seconds) => noon + seconds * 1000)) {
      const bench = ruleBench(once(source), codec);
      bench.put(`inbound.${source}`, bytes, { at: into });
      bench.put(`inbound.${source}`, bytes, { at: into + hours * hour });
      expect(bench.refused).toEqual(['repeat']);
      const { segmentMs } = memoryOf(source);
      bench.put(`inbound.${source}`, bytes, { at: into + 2 * hours * hour + 2 * segmentMs });
      expect(bench.emitted).toHaveLength(2);
    }
  });

  // Without this, what waited while the factory stood still was put into a forgotten segment: repeats passed.
  it('also when it waited longer than the window, behind events that did not', () => {
    const bench = ruleBench(once('beacon'), codec);
    const { recordName, event } = directEvent('beacon_sighted');
    const { event: late } = directEvent('beacon_sighted', { event_id: OTHER_ID });
    bench.put('inbound.beacon', codec.encode('inbound.beacon', recordName, event), { at: noon + 9 * hour });
    for (let n = 0; n < 2; n += 1) {
      bench.put('inbound.beacon', codec.encode('inbound.beacon', recordName, late), { at: noon });
    }
    expect([bench.emitted.length, bench.refused]).toEqual([2, ['repeat']]);
  });
});

describe('what cannot be an event of the source', () => {
  it.each([
    [
      'another source',
      codec.encode('', 'zhongtai.payment.PaymentCaptured', directEvent('payment_captured').event),
    ],
    ['no event', codec.encode('', 'zhongtai.reference.Store', sampleRecord('zhongtai.reference.Store'))],
  ])('%s is a dead letter', (_what, bytes) => {
    const bench = ruleBench(once('order'), codec);
    bench.put('inbound.order', bytes);
    expect(bench.refused).toEqual(['ZT-ADMIT-SOURCE is no event of order']);
  });

  it('a wrong event_id is a dead letter', () => {
    const bench = ruleBench(once('order'), codec);
    bench.put('inbound.order', sale({ event_id: 'order-7' }));
    expect(bench.refused).toEqual([expect.stringMatching(/^ZT-ADMIT-EVENT-ID/)]);
  });

  it('bytes that are not Avro, or end too early, throw: the engine makes them dead letters', () => {
    const bench = ruleBench(once('order'), codec);
    expect(() => bench.put('inbound.order', Buffer.from('{"json":1}'))).toThrow(/no schema/);
    expect(() => bench.put('inbound.order', sale().subarray(0, 30))).toThrow(/ends|beyond/);
    expect(bench.emitted).toEqual([]);
  });
});

describe('the memory of ids', () => {
  it('is asked once for each live segment, the youngest first', () => {
    for (const source of sources) {
      const memory = memoryOf(source);
      const asked: number[] = [];
      const ids = { get: (_id: string, at: number) => void asked.push(at) };
      seenContent(ids, 'x', noon, memory);
      const { segmentMs, windowMs } = memory;
      expect(asked[0]).toBe(segmentOf(noon, segmentMs));
      expect(asked).toHaveLength(windowMs / segmentMs + 1);
      expect(idStore(memory).retentionMs).toBeGreaterThanOrEqual(noon - Math.min(...asked));
    }
  });
});
