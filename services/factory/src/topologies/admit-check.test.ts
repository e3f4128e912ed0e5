import { describe, expect, it } from '@jest/globals';
import { isToken, type Sealed } from '@zhongtai/domain';
import { topicsOf } from '@zhongtai/schemas';
import type { Topology } from '@zhongtai/streams';
import { admit } from './admit.ts';
import { admitParts, catalogueCodec, directEvent, noon, ruleBench } from './admit-fixture.ts';

const codec = catalogueCodec();
const parts = admitParts(codec);
const application = admit(parts);
const hour = 3_600_000;

function check(): Topology {
  const [found] = application.topologies;
  if (found?.name !== 'check') throw new Error('the first stage is not there');
  return found;
}

function framed({ recordName, event }: ReturnType<typeof directEvent>): Buffer {
  return codec.encode('direct', recordName, event);
}

const phone = { id_type: 'phone', scope: '', id_value: '0922-111-834', role: 'actor', verified: true };

describe('an event of a direct publisher', () => {
  it.each(
    topicsOf('direct').flatMap(({ source, records }) => records.map(({ eventType }) => [source, eventType])),
  )(
    'of %s, %s, goes on tokenised and keyed, stamped with the time at which the broker took it',
    (source, eventType) => {
      const bench = ruleBench(check(), codec);
      const given = directEvent(eventType, { ingest_time: 5, source_system: 'partner', is_test: true });
      bench.put(`direct.${source}`, framed(given), { key: 'any', at: noon + 7 });
      expect(bench.refused).toEqual([]);
      const [event] = bench.valuesOn(`inbound.${source}`);
      expect(event).toMatchObject({
        event_id: given.event['event_id'],
        ingest_time: noon + 7,
        source_system: 'partner',
        source,
      });
      const identities = event?.['identities'];
      if (!Array.isArray(identities)) throw new Error('no identities');
      for (const { id_value: token } of identities) expect(isToken(token)).toBe(true);
      const record = topicsOf('inbound').find((topic) => topic.source === source)?.records;
      const key = record?.find((each) => each.eventType === eventType)?.key(event ?? {});
      expect(bench.emitted.find(({ topic }) => topic === `inbound.${source}`)?.key).toBe(key);
    },
  );

  it('needs no key: most clients send none, and nobody here asks for it', () => {
    const inputs = check().parts.flatMap((part) => part.inputs ?? []);
    expect(inputs.map(({ key }) => key)).toEqual(inputs.map(() => 'optional'));
    expect(inputs.length).toBe(topicsOf('direct').length);
  });

  it('leaves no clear value behind but in the vault, encrypted', () => {
    const bench = ruleBench(check(), codec);
    const given = directEvent('search_performed', {
      identities: [phone],
      query: '請打 0922-111-834 或 amy@example.tw',
    });
    bench.put('direct.marketing', framed(given), { headers: { phone: Buffer.from('0922111834') } });
    const bytes = Buffer.concat(bench.emitted.map((each) => each.bytes)).toString('latin1');
    expect(bytes).not.toMatch(/0922|922111834|amy@/);
    expect(bench.emitted.every(({ options }) => options?.headers === undefined)).toBe(true);
    const [record] = bench.valuesOn('vault.identifier');
    expect(parts.cipher.open(String(record?.['token']), record as unknown as Sealed)).toBe('+886922111834');
    expect(record).toMatchObject({ id_type: 'phone', secret_version: 3, stored_at: noon });
    expect(bench.emitted[0]?.key).toBe(record?.['token']);
  });

  it('brings a vault record once an hour or two, and the same bytes when it is worked again', () => {
    const again = () => {
      const bench = ruleBench(check(), codec);
      for (const at of [noon, noon + 1, noon + hour, noon + 3 * hour]) {
        bench.put('direct.marketing', framed(directEvent('page_viewed', { identities: [phone] })), { at });
      }
      return bench;
    };
    const records = again().valuesOn('vault.identifier');
    expect(records.map(({ stored_at: at }) => at)).toEqual([noon, noon + 3 * hour]);
    expect(again().emitted).toEqual(again().emitted);
  });
});

describe('what is wrong with an event makes it a dead letter', () => {
  const sale = (own: Readonly<Record<string, unknown>>) => framed(directEvent('pos_sale', own));
  it.each([
    ['an unknown type', sale({ event_type: 'pos_sail' }), 'ZT-ADMIT-UNKNOWN-TYPE /event_type'],
    ['the type of another record', sale({ event_type: 'order_placed' }), 'ZT-ADMIT-UNKNOWN-TYPE /event_type'],
    ['another source', framed(directEvent('payment_captured')), 'ZT-ADMIT-SOURCE /event_type'],
    ['another source in its word', sale({ source: 'payment' }), 'ZT-ADMIT-SOURCE /source'],
    ['no event_id', sale({ event_id: '' }), 'ZT-ADMIT-EVENT-ID /event_id'],
    ['an event_id of its own', sale({ event_id: 'sale-1' }), 'ZT-ADMIT-EVENT-ID /event_id'],
    ['no lines', sale({ lines: [] }), 'ZT-ADMIT-MISSING /lines'],
    ['a time in the future', sale({ event_time: noon + hour + 1 }), 'ZT-ADMIT-FUTURE /event_time'],
    ['a time that no table holds', sale({ event_time: 0x7fffffffffff }), 'ZT-ADMIT-RANGE /event_time'],
    [
      'a broken phone',
      sale({ identities: [{ ...phone, id_value: '12' }] }),
      'ZT-ID-PHONE /identities/0/id_value',
    ],
    [
      'a link of its own',
      sale({ link: { uni_id: 'u', epoch: 1, anchor: 'a' } }),
      'ZT-ADMIT-UNKNOWN-FIELD /link',
    ],
    ['a text too long', sale({ order_id: 'x'.repeat(1001) }), 'ZT-ADMIT-TOO-LONG /order_id'],
  ])('%s', (_what, bytes, reason) => {
    const bench = ruleBench(check(), codec);
    bench.put('direct.order', bytes);
    expect(bench.emitted).toEqual([]);
    expect(bench.refused).toEqual([expect.stringMatching(new RegExp(`^${reason}: `))]);
    // The next event is judged by itself.
    bench.put('direct.order', sale({}));
    expect(bench.valuesOn('inbound.order')).toHaveLength(1);
  });

  it('an hour ahead is not the future yet', () => {
    const bench = ruleBench(check(), codec);
    bench.put('direct.order', sale({ event_time: noon + hour }));
    expect(bench.refused).toEqual([]);
  });

  it.each([
    ['JSON', Buffer.from('{}')],
    ['no schema of the registry', Buffer.from([0, 0, 1, 0, 0, 1])],
  ])('%s', (_what, bytes) => {
    const bench = ruleBench(check(), codec);
    bench.put('direct.order', bytes);
    expect(bench.refused).toEqual(['ZT-HIGHWAY-NOT-AVRO no schema']);
  });
});
