import { describe, expect, it } from '@jest/globals';
import { topicsOf } from '@zhongtai/schemas';
import { type Driver, drive, faultSteps, randomSchedule } from '@zhongtai/streams/driver';
import fc from 'fast-check';
import { admit } from './admit.ts';
import { admitParts, catalogueCodec, directEvent, noon, ruleBench } from './admit-fixture.ts';
import { rawTopic } from './raw-topic.ts';

const codec = catalogueCodec();
const application = admit(admitParts(codec));
const partitions = 2;

/** The topic of the orders on a leg of the way. */
function orders(leg: 'direct' | 'inbound' | 'highway') {
  const topic = topicsOf(leg).find(({ source }) => source === 'order');
  if (topic === undefined) throw new Error(`no topic of orders on ${leg}`);
  return rawTopic(topic);
}

interface Sent {
  /** Which event: the same number is the same event. */
  readonly event: number;
  readonly way: 'direct' | 'inbound';
  /** The events of one order lie on one partition. */
  readonly order: number;
}

function eventId(event: number): string {
  return `0193a5b0-0000-7000-8000-${event.toString(16).padStart(12, '0')}`;
}

/** The event as it is sent by one way or the other: in clear, or tokenised by the same rules as the gateway. */
function send(driver: Driver, { event, way, order }: Sent, atMs: number): void {
  const given = { event_id: eventId(event), order_id: `order-${order}` };
  const { recordName, event: clear } = directEvent('pos_sale', { ...given, source_system: way });
  const bytes = codec.encode('', recordName, clear);
  if (way === 'direct') driver.queue(orders(way), `till-${event}`, bytes, atMs);
  else driver.queue(orders(way), `order-${order}`, tokenised(bytes, atMs), atMs);
}

function tokenised(clear: Buffer, atMs: number): Buffer {
  const [check] = application.topologies;
  if (check === undefined) throw new Error('the first stage is not there');
  const bench = ruleBench(check, codec);
  bench.put('direct.order', clear, { at: atMs });
  const [found] = bench.emitted.filter(({ topic }) => topic === 'inbound.order');
  if (found === undefined) throw new Error(bench.refused.join());
  return found.bytes;
}

/** Ids on the highway, by key in their order. */
function onHighway(driver: Driver): Map<string, string[]> {
  const byKey = new Map<string, string[]>();
  for (const { key, value } of driver.read(orders('highway'))) {
    const { event_id: id } = codec.decode<{ event_id: string }>(value ?? Buffer.alloc(0)).value;
    byKey.set(key, [...(byKey.get(key) ?? []), id]);
  }
  return byKey;
}

const anySent = fc.array(
  fc.record({ event: fc.nat(12), way: fc.constantFrom('direct' as const, 'inbound' as const) }),
  { minLength: 1, maxLength: 40 },
);

describe('admit', () => {
  it('lets each event through once, whatever is sent how often by which way, and whatever dies meanwhile', () => {
    fc.assert(
      fc.property(anySent, fc.nat(), fc.nat(5), (sent, seed, pause) => {
        const schedule = randomSchedule(seed);
        const driver = drive(application, { partitions, nowMs: noon, schedule });
        for (const [n, each] of sent.entries()) {
          send(driver, { ...each, order: each.event % 4 }, noon + n * 1000);
          if (n % (pause + 1) === 0) driver.run();
        }
        driver.run();
        const wanted = new Set(sent.map(({ event }) => eventId(event)));
        const ids = [...onHighway(driver).values()].flat();
        expect(ids.toSorted()).toEqual([...wanted].toSorted());
        expect(driver.deadLetters()).toEqual([]);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('keeps the order in which the events of one key came first', () => {
    fc.assert(
      fc.property(anySent, fc.nat(), (sent, seed) => {
        const driver = drive(application, {
          partitions,
          nowMs: noon,
          schedule: randomSchedule(seed),
        });
        const first = new Map<string, string[]>();
        for (const [n, { event }] of sent.entries()) {
          const order = event % 4;
          const ids = first.get(`order-${order}`) ?? [];
          if (!ids.includes(eventId(event))) first.set(`order-${order}`, [...ids, eventId(event)]);
          send(driver, { event, way: 'inbound', order }, noon + n * 1000);
        }
        driver.run();
        expect(onHighway(driver)).toEqual(first);
      }),
      { numRuns: 50 },
    );
  }, 60_000);

  it.each(faultSteps)('does so when a task dies at the step %s', (step) => {
    const driver = drive(application, { partitions, nowMs: noon });
    for (let event = 0; event < 5; event += 1) {
      driver.crashAt(step);
      for (const way of ['direct', 'inbound', 'direct'] as const)
        send(driver, { event, way, order: event }, noon);
      driver.run();
    }
    expect([...onHighway(driver).values()].flat().toSorted()).toEqual([0, 1, 2, 3, 4].map(eventId));
  });

  it('writes the vault record of a token in the transaction of its event, and once', () => {
    const vault = { ...orders('highway'), name: 'vault.identifier' };
    const driver = drive(application, { partitions, nowMs: noon, schedule: randomSchedule(5) });
    const phone = { id_type: 'phone', scope: '', id_value: '0922111834', role: 'actor', verified: true };
    for (let event = 0; event < 20; event += 1) {
      const given = { event_id: eventId(event), order_id: 'order-1', identities: [phone] };
      const { recordName, event: clear } = directEvent('pos_sale', given);
      driver.queue(orders('direct'), 'till-1', codec.encode('', recordName, clear), noon + event);
    }
    driver.run();
    const records = driver.read(vault).map(({ key, value }) => [key, String(value)]);
    expect(new Set(records.map(String)).size).toBe(records.length);
    expect([...onHighway(driver).values()].flat()).toHaveLength(20);
  });
});
