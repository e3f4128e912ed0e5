import { describe, expect, it } from '@jest/globals';
import { application, topology } from '../topology/topology.ts';
import type { Handler, StoreDefinition, Topology } from '../topology/types.ts';
import { jsonSerde, jsonTopic, streamPart, TaskFixture } from './fixture.ts';
import { parsePosition, requireShapes } from './position.ts';

const orders = jsonTopic<number>('orders');
const beacons = jsonTopic<number>('beacons');
const out = jsonTopic<string>('out');

/** Emits under the topology's name what it takes. */
function echo(
  name: string,
  more: Partial<Topology> = {},
  topic = orders,
  stores: StoreDefinition[] = [],
): Topology {
  const handle: Handler<number> = ({ value, offset }, context) =>
    context.emit(out, name, `${offset}:${value}`);
  const part = streamPart(topic, handle, { outputs: [out], stores });
  return topology(name, { order: 'free', parts: [part], ...more });
}

function open(...topologies: readonly Topology[]): TaskFixture {
  return new TaskFixture(application('app', topologies));
}

describe('a topology on its first run', () => {
  it.each([
    ['earliest', ['old="0:1"', 'old="1:2"']],
    ['latest', ['old="1:2"']],
  ] as const)('begins at the %s record', (start, expected) => {
    const fixture = open(echo('old'));
    fixture.send(orders, { key: 'k', value: 1 });
    fixture.open(application('app', [echo('old', { start })]));
    fixture.send(orders, { key: 'k', value: 2 });
    fixture.run();
    expect(fixture.read('out')).toEqual(expected);
  });

  it('commits where it begins, so that it begins there after a restart too', () => {
    const latest = application('app', [echo('old', { start: 'latest' })]);
    const fixture = open(echo('old'));
    fixture.send(orders, { key: 'k', value: 1 });
    fixture.open(latest);
    expect(fixture.task.pending.changed).toBe(true);
    fixture.commit();
    fixture.send(orders, { key: 'k', value: 2 });
    fixture.open(latest);
    expect(fixture.task.pending.changed).toBe(false);
    fixture.run();
    expect(fixture.read('out')).toEqual(['old="1:2"']);
  });
});

describe('a topology that is added', () => {
  it('begins at the earliest record of a topic that others have read, who take nothing twice', () => {
    const fixture = open(echo('old'));
    fixture.send(orders, { key: 'k', value: 1 }, { key: 'k', value: 2 });
    fixture.run();
    const both = application('app', [echo('old'), echo('new')]);
    fixture.open(both);
    expect(fixture.task.topologies).toEqual({ added: ['new'], removed: [] });
    fixture.fetch();
    fixture.task.work(1);
    fixture.commit();
    expect(fixture.position).toMatchObject({ inputs: { orders: 1 }, from: { old: { orders: 2 } } });
    fixture.send(orders, { key: 'k', value: 3 });
    fixture.open(both);
    fixture.run();
    expect(fixture.read('out')).toEqual([
      'old="0:1"',
      'old="1:2"',
      'new="0:1"',
      'new="1:2"',
      'old="2:3"',
      'new="2:3"',
    ]);
    expect(fixture.position?.from).toBeUndefined();
  });

  it('begins at the latest, while others still have to read what is before', () => {
    const fixture = open(echo('old'));
    fixture.send(orders, { key: 'k', value: 1 });
    fixture.run();
    fixture.send(orders, { key: 'k', value: 2 });
    const both = application('app', [echo('old'), echo('new', { start: 'latest' })]);
    fixture.open(both);
    fixture.commit();
    fixture.open(both);
    fixture.send(orders, { key: 'k', value: 3 });
    fixture.run();
    expect(fixture.read('out')).toEqual(['old="0:1"', 'old="1:2"', 'old="2:3"', 'new="2:3"']);
  });
});

describe('a topology that is removed', () => {
  it('is named, and goes on where it stood when it comes back', () => {
    const both = [echo('old'), echo('gone', {}, beacons)];
    const fixture = open(...both);
    fixture.send(beacons, { key: 'k', value: 1 });
    fixture.run();
    const shape = fixture.position?.shapes['gone'];
    fixture.open(application('app', [echo('old')]));
    expect(fixture.task.topologies).toEqual({ added: [], removed: ['gone'] });
    fixture.send(orders, { key: 'k', value: 7 });
    fixture.fetch('orders');
    fixture.task.work(10);
    fixture.commit();
    expect(fixture.position?.shapes['gone']).toBe(shape);
    expect(fixture.position?.times['gone']).toBeDefined();
    fixture.send(beacons, { key: 'k', value: 2 });
    fixture.open(application('app', both));
    fixture.run();
    expect(fixture.read('out').filter((line) => line.startsWith('gone'))).toEqual([
      'gone="0:1"',
      'gone="1:2"',
    ]);
  });
});

describe('a topology that comes back', () => {
  it('takes what others have read in the meantime, and they take nothing twice', () => {
    const both = application('app', [echo('old'), echo('back')]);
    const fixture = new TaskFixture(both);
    fixture.send(orders, { key: 'k', value: 1 });
    fixture.run();
    for (const value of [2, 3]) {
      fixture.open(application('app', [echo('old')]));
      fixture.send(orders, { key: 'k', value });
      fixture.run();
    }
    fixture.open(both);
    fixture.send(orders, { key: 'k', value: 4 });
    fixture.run();
    const taken = (name: string) => fixture.read('out').filter((line) => line.startsWith(name));
    expect(taken('back')).toEqual(['back="0:1"', 'back="1:2"', 'back="2:3"', 'back="3:4"']);
    expect(taken('old')).toEqual(['old="0:1"', 'old="1:2"', 'old="2:3"', 'old="3:4"']);
    expect(fixture.position?.from).toBeUndefined();
  });
});

describe('stored state', () => {
  const counts: StoreDefinition = { kind: 'keyed', name: 'counts', serde: jsonSerde };
  const seen: StoreDefinition = {
    kind: 'window',
    name: 'seen',
    serde: jsonSerde,
    retentionMs: 10,
    segmentMs: 5,
  };

  it.each([
    ['another serde', { ...counts, serde: { ...jsonSerde, name: 'avro' } }, 'store counts'],
    ['another kind', { ...seen, name: 'counts' }, 'store counts'],
  ])('in %s under its name is refused, with the topology and the store', (_, changed, named) => {
    const fixture = open(echo('shop', {}, orders, [counts, seen]));
    fixture.commit();
    const next = application('app', [echo('shop', {}, orders, [changed as StoreDefinition])]);
    expect(() => fixture.open(next)).toThrow(`app: topology "shop": the ${named} is stored in another form`);
  });

  it('may be kept for longer or shorter under its name: durations are configuration', () => {
    const fixture = open(echo('shop', {}, orders, [seen]));
    fixture.commit();
    for (const durations of [
      { retentionMs: 20, segmentMs: 5 },
      { retentionMs: 4, segmentMs: 2 },
    ]) {
      const shorter = echo('shop', {}, orders, [{ ...seen, ...durations }]);
      expect(() => fixture.open(application('app', [shorter]))).not.toThrow();
    }
  });

  it('may gain a store, lose one, and keep the others', () => {
    const fixture = open(echo('shop', {}, orders, [counts]));
    fixture.commit();
    const next = application('app', [echo('shop', {}, orders, [{ ...counts, name: 'counts-2' }])]);
    fixture.open(next);
    expect(fixture.task.pending.changed).toBe(true);
    requireShapes({ inputs: {}, globals: {}, times: {}, shapes: { other: 'x' } }, next);
  });

  it('has a position that can be read, or says that it cannot', () => {
    expect(() => parsePosition(Buffer.from('{}'))).toThrow('the position record cannot be read');
    expect(() => parsePosition(Buffer.from('{'))).toThrow('the position record cannot be read');
  });
});

describe('inputs', () => {
  it('with another partition count than the shared one are refused, with both counts', () => {
    const odd = jsonTopic<number>('odd', { partitions: 3 });
    expect(() => open(echo('shop', {}, odd))).toThrow('"odd" has 3 partitions, but 1 are shared');
  });
});
