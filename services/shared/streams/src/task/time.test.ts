import { describe, expect, it } from '@jest/globals';
import { application, topology } from '../topology/topology.ts';
import type { Part, WindowStoreDefinition } from '../topology/types.ts';
import { jsonSerde, jsonTopic, streamPart, TaskFixture } from './fixture.ts';

interface Seen {
  readonly at: number;
}

const HOUR = 3_600_000;
const eventTimeMs = ({ at }: Seen): number => at;
const beacons = jsonTopic<Seen>('beacons', { eventTimeMs });
const orders = jsonTopic<Seen>('orders', { eventTimeMs });
const members = jsonTopic<Seen>('members', { eventTimeMs });
const out = jsonTopic<number>('out');

/** Emits the stream time that each record finds. */
function timed(topic: typeof beacons, more: Partial<Part> = {}): Part {
  const emitTime: Parameters<typeof streamPart<Seen>>[1] = ({ key }, context) =>
    context.emit(out, key, context.streamTimeMs);
  return streamPart(topic, emitTime, { byTime: true, outputs: [out], ...more });
}

function app(...parts: readonly Part[]) {
  return application('app', [topology('shop', { order: 'free', parts })]);
}

function at(atMs: number, ingestMs = atMs) {
  return { key: 'k', value: { at: atMs }, atMs: ingestMs };
}

describe('stream time', () => {
  it('is the largest event time, and never goes back', () => {
    const fixture = new TaskFixture(app(timed(beacons)));
    fixture.send(beacons, at(5), at(9), at(7));
    fixture.run();
    expect(fixture.read('out')).toEqual(['k=5', 'k=9', 'k=9']);
  });

  it('is not moved ahead of the log by a fast clock', () => {
    const fixture = new TaskFixture(app(timed(beacons)));
    fixture.send(beacons, at(5000, 1000), at(2000, 2000));
    fixture.run();
    expect(fixture.read('out')).toEqual(['k=1000', 'k=2000']);
  });

  it('is kept in the position with the ingest time of the record that set it', () => {
    const fixture = new TaskFixture(app(timed(beacons)));
    fixture.send(beacons, at(50, 80), at(40, 90));
    fixture.run();
    expect(fixture.position?.times).toEqual({ shop: { streamTimeMs: 50, ingestTimeMs: 80 } });
    fixture.open();
    fixture.send(beacons, at(45, 99));
    fixture.run();
    expect(fixture.read('out')).toEqual(['k=50', 'k=50', 'k=50']);
  });

  it('is not moved by a record that is set aside', () => {
    const fixture = new TaskFixture(
      app(
        timed(beacons, {
          inputs: [
            {
              topic: beacons,
              kind: 'stream',
              stage: 'beacons',
              handle({ key, value }, context) {
                context.emit(out, key, context.streamTimeMs);
                if (value.at === 70) throw new Error('bad');
              },
            },
          ],
        }),
      ),
    );
    fixture.send(beacons, at(50), at(70), at(60));
    fixture.run();
    expect(fixture.read('out')).toEqual(['k=50', 'k=60']);
  });

  it('is not moved by an input that only feeds a stage before the windows', () => {
    const fixture = new TaskFixture(
      app(
        streamPart(orders, () => undefined),
        timed(beacons),
      ),
    );
    fixture.send(orders, at(1000));
    fixture.run();
    fixture.send(beacons, at(5));
    fixture.run();
    expect(fixture.read('out')).toEqual(['k=5']);
  });

  it('is ingest time where nothing asks for time, so that nothing is decoded for it', () => {
    const fixture = new TaskFixture(app(timed(beacons, { byTime: false })));
    fixture.send(beacons, at(5, 30));
    fixture.run();
    expect(fixture.read('out')).toEqual(['k=30']);
  });

  it('follows the clock while the inputs stand still', () => {
    const fixture = new TaskFixture(app(timed(beacons)));
    fixture.send(beacons, at(1000, 1500));
    fixture.run();
    fixture.task.idleUntil('shop', 11_500);
    fixture.task.idleUntil('shop', 12_500);
    expect(fixture.task.stats().get('shop')).toEqual({
      streamTimeMs: 12_000,
      ingestTimeMs: 12_500,
      timersPending: 0,
    });
    expect(fixture.commit()).toBeNull();
    fixture.send(beacons, at(3000, 13_000));
    fixture.run();
    expect(fixture.position?.times['shop']?.streamTimeMs).toBe(12_000);
  });
});

describe('a record from the future', () => {
  it('is a dead letter where time matters, when it lies more than an hour ahead', () => {
    const fixture = new TaskFixture(app(timed(beacons)));
    fixture.send(beacons, at(HOUR + 10, 10), at(HOUR + 11, 10));
    fixture.run();
    expect(fixture.letters).toMatchObject([
      { offset: 1, reason: 'ZT-STREAMS-FUTURE', eventTimeMs: HOUR + 11 },
    ]);
  });

  it('is nothing special where time does not', () => {
    const fixture = new TaskFixture(app(timed(beacons, { byTime: false })));
    fixture.send(beacons, at(2 * HOUR, 10));
    fixture.run();
    expect(fixture.letters).toEqual([]);
  });

  it('is a dead letter too when it says no time at all', () => {
    const fixture = new TaskFixture(app(timed(beacons)));
    fixture.send(beacons, { key: 'k', value: {} });
    fixture.run();
    expect(fixture.letters).toMatchObject([{ reason: 'ZT-STREAMS-EVENT-TIME', eventTimeMs: null }]);
  });
});

describe('the choice by event time', () => {
  it('takes the record that happened first, over all inputs that move the time', () => {
    const fixture = new TaskFixture(app(timed(beacons), timed(orders)));
    fixture.send(beacons, at(10), at(30), at(50));
    fixture.send(orders, at(20), at(40));
    fixture.run();
    expect(fixture.read('out')).toEqual(['k=10', 'k=20', 'k=30', 'k=40', 'k=50']);
  });

  it('waits for an input whose end is not reached', () => {
    const fixture = new TaskFixture(app(timed(beacons), timed(orders)));
    fixture.send(beacons, at(10), at(30));
    fixture.fetch('beacons');
    fixture.task.receive('orders', { records: [], nextOffset: 0, highWatermark: 1 });
    expect(fixture.task.work(10)).toBe(0);
    expect(fixture.task.drained).toBe(false);
    fixture.send(orders, at(20));
    fixture.fetch('orders');
    expect(fixture.task.work(10)).toBe(3);
    fixture.commit();
    expect(fixture.read('out')).toEqual(['k=10', 'k=20', 'k=30']);
  });

  it('does not wait for an input that had nothing more when the task was opened', () => {
    const fixture = new TaskFixture(app(timed(beacons), timed(orders)));
    fixture.send(beacons, at(10));
    fixture.fetch('beacons');
    expect(fixture.task.work(10)).toBe(1);
  });

  it('is off where the topology says so, and does not bind inputs of other topologies', () => {
    const parts = [timed(beacons), timed(orders)];
    const free = topology('free', { order: 'free', parts: [timed(members, { byTime: false })] });
    const fixture = new TaskFixture(
      application('app', [topology('shop', { order: 'free', byTime: false, parts }), free]),
    );
    fixture.send(beacons, at(10), at(30));
    fixture.send(members, at(5));
    fixture.fetch('beacons', 'members');
    fixture.task.receive('orders', { records: [], nextOffset: 0, highWatermark: 1 });
    expect(fixture.task.work(10)).toBe(3);
  });

  it('is not held up by a record that cannot be read, or that comes from the future', () => {
    const fixture = new TaskFixture(app(timed(beacons), timed(orders)));
    fixture.send(beacons, { key: 'k', bytes: Buffer.from('{'), atMs: 15 }, at(3 * HOUR, 16), at(17));
    fixture.send(orders, at(10), at(20), at(30));
    fixture.run();
    expect(fixture.letters.map(({ offset }) => offset)).toEqual([0, 1]);
    expect(fixture.read('out')).toEqual(['k=10', 'k=17', 'k=20', 'k=30']);
  });
});

describe('a window store', () => {
  const window: WindowStoreDefinition<unknown> = {
    kind: 'window',
    name: 'seen',
    serde: jsonSerde,
    retentionMs: 100,
    segmentMs: 50,
  };
  const kept: boolean[] = [];
  const part = streamPart<Seen>(
    beacons,
    ({ key, value, offset }, context) => {
      kept.push(context.window(window).put(key, value.at, value.at, offset));
      const found = [...context.window(window).fetch(key, 0, 1_000_000)];
      context.emit(out as never, key, found.map((entry) => entry.value) as never);
    },
    { stores: [window], outputs: [out] },
  );

  it('finds what the retention holds, also before the cut and after a restart', () => {
    const fixture = new TaskFixture(app(part));
    fixture.send(beacons, at(1000), at(1050));
    fixture.run();
    fixture.open();
    fixture.send(beacons, at(1020), at(1101), at(1000), at(1151));
    fixture.run();
    expect(kept).toEqual([true, true, true, true, false, true]);
    expect(fixture.read('out').slice(2)).toEqual([
      'k=[1000,1020,1050]',
      'k=[1020,1050,1101]',
      'k=[1020,1050,1101]',
      'k=[1101,1151]',
    ]);
  });

  it('drops whole segments of the local state when they are out of the retention', () => {
    const fixture = new TaskFixture(app(part));
    fixture.send(beacons, at(1000));
    fixture.run();
    fixture.send(beacons, at(1149));
    expect(fixture.run()?.change.windows[0]?.dropBeforeMs).toBe(1000);
    fixture.send(beacons, at(1150));
    expect(fixture.run()?.change.windows[0]?.dropBeforeMs).toBe(1050);
    fixture.send(beacons, at(1160));
    expect(fixture.run()?.change.windows[0]?.dropBeforeMs).toBeUndefined();
    expect(fixture.state.window('shop.seen').get('k', 1000, 0)).toBeUndefined();
  });
});
