import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { countApplication, EngineFixture, eventually, partitions, upTo } from './engine-fixture.ts';

let fixture: EngineFixture;
beforeEach(() => {
  fixture = new EngineFixture();
});
afterEach(() => fixture.stop());

const keys = Array.from({ length: 200 }, (_, n) => `k${n % 5}`);
const totals = (times: number) => Object.fromEntries(keys.slice(0, 5).map((key) => [key, 40 * times]));
const done = (times: number) => () =>
  Object.values(fixture.counts()).reduce((sum, { length }) => sum + length, 0) >= 200 * times;

describe('an engine that nothing disturbs', () => {
  it('counts what was there and what comes, and one record alone is visible at once', async () => {
    fixture.send(keys);
    const process = await fixture.run('a');
    await eventually(done(1));
    fixture.send(['alone']);
    await eventually(() => fixture.counts()['alone'] !== undefined, 200);
    expect(fixture.counts()).toEqual(upTo({ ...totals(1), alone: 1 }));
    expect(fixture.changelog()).toEqual({ ...totals(1), alone: 1 });
    expect(process.engine.readiness()).toEqual({ ready: true, reasons: [] });
  });

  it('commits what it has done when it is stopped', async () => {
    const { engine } = await fixture.run('a', { limits: { commitMs: 60_000, drainedCommitMs: 60_000 } });
    // The first commit says where the new topology begins.
    await eventually(() => fixture.log.commits === partitions);
    fixture.send(keys);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(fixture.counts()).toEqual({});
    // Lag tools are told of what is committed, not of what is worked.
    await expect(fixture.log.lag('app', 'words')).resolves.toBe(200);
    await engine.stop();
    expect(fixture.counts()).toEqual(upTo(totals(1)));
  });

  it('takes no batch that does not begin where it stands', async () => {
    const process = await fixture.run('a');
    fixture.send(keys);
    await eventually(done(1));
    const { options, generation } = process.member();
    const place = { topic: 'words', partition: 0 };
    const { highWatermark } = fixture.log.partition(place);
    const { records = [], nextOffset = 0 } = fixture.log.read(place, 0, 1 << 20) ?? {};
    const batch = { ...place, generation, highWatermark, bytes: 1 };
    await options.onBatch({ ...batch, records, nextOffset, firstOffset: 0 });
    // One from further on: what lies between would never be read.
    const ahead = { firstOffset: highWatermark + 10, nextOffset: highWatermark + 500 };
    await options.onBatch({ ...batch, ...ahead, records: [] });
    fixture.send(keys);
    await eventually(done(2));
    expect(fixture.counts()).toEqual(upTo(totals(2)));
  });

  it('commits nothing while nothing comes', async () => {
    await fixture.run('a');
    fixture.send(keys);
    await eventually(done(1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = fixture.log.commits;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(fixture.log.commits).toBe(before);
  });

  it('makes few transactions under load', async () => {
    fixture.send(Array.from({ length: 5000 }, (_, n) => `k${n % 50}`));
    const startedMs = performance.now();
    await fixture.run('a', { limits: { commitMs: 100 } });
    await eventually(() => Object.values(fixture.counts()).flat().length === 5000, 10_000);
    const elapsedMs = performance.now() - startedMs;
    expect(fixture.log.commits).toBeLessThan(20 + (2 * elapsedMs) / 100);
  });

  it('tells lag tools where it stands, markers included', async () => {
    fixture.send(keys);
    await fixture.run('a');
    await eventually(done(1));
    while ((await fixture.log.lag('app', 'words')) > 0)
      await new Promise((resolve) => setTimeout(resolve, 50));
  });

  it('shares tasks with a second process, and takes them back when that one goes', async () => {
    fixture.send(keys);
    const first = await fixture.run('a');
    const second = await fixture.run('b');
    expect(first.engine.tasks()).toHaveLength(1);
    expect(second.engine.tasks()).toHaveLength(1);
    fixture.send(keys);
    await eventually(done(2));
    await second.engine.stop();
    fixture.send(keys);
    await eventually(done(3));
    expect(first.engine.tasks()).toHaveLength(partitions);
    expect(fixture.counts()).toEqual(upTo(totals(3)));
  });
});

describe('an engine with much to do', () => {
  it('works other tasks while one restores for long', async () => {
    fixture.send(keys);
    const first = await fixture.run('a');
    await eventually(done(1));
    await first.engine.stop();
    const create = fixture.log.createReader.bind(fixture.log);
    let finish: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    fixture.log.createReader = () => {
      const reader = create();
      const read: typeof reader.read = async (place, ...rest) => {
        if (place.topic.endsWith('.changelog') && place.partition === 0) await held;
        return await reader.read(place, ...rest);
      };
      return { ...reader, read };
    };
    const second = await fixture.run('b');
    fixture.send(keys);
    const slow = keys.filter((key) => fixture.log.partitionOf(Buffer.from(key), partitions) === 0).length;
    await eventually(() => Object.values(fixture.counts()).flat().length === 400 - slow);
    expect(second.engine.tasks().map(({ phase }) => phase)).toEqual(['restoring', 'running']);
    fixture.nowMs += 31_000;
    expect(second.engine.readiness().reasons).toEqual(['task 0 has been restoring for 31 s']);
    finish();
    await eventually(done(2));
    expect(fixture.counts()).toEqual(upTo(totals(2)));
  });

  it('takes no more of an input than may wait in memory', async () => {
    const process = await fixture.run('a', { limits: { waitingBytes: 1000 } });
    // A commit without an end: the task takes no records while it is under way.
    let finish: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { options, generation } = process.member();
    await eventually(() => fixture.log.commits === partitions);
    fixture.log.hold = () => held;
    fixture.log.append('words', 'k', '1');
    const place = { topic: 'words', partition: fixture.log.partitionOf(Buffer.from('k'), partitions) };
    await eventually(() => process.engine.tasks()[place.partition]?.phase === 'committing');
    const records = Array.from({ length: 100 }, (_, n) => {
      return {
        offset: 1 + n,
        timestampMs: fixture.nowMs,
        key: Buffer.from('k'),
        value: Buffer.alloc(100, '1'),
        headers: {},
      };
    });
    const batch = {
      ...place,
      records,
      generation,
      firstOffset: 1,
      nextOffset: 101,
      highWatermark: 101,
      bytes: 1,
    };
    let taken = false;
    const taking = options.onBatch(batch).then(() => {
      taken = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(taken).toBe(false);
    finish();
    await taking;
  });
});

describe('the checks at the start', () => {
  it('refuse inputs with other partition counts and name both', async () => {
    fixture.log.createTopic('other', 3);
    const [base] = countApplication().topologies;
    if (base === undefined) throw new Error('no topology');
    const [part] = base.parts;
    const [input] = part?.inputs ?? [];
    if (part === undefined || input === undefined) throw new Error('no input');
    const other = { ...input, topic: { ...input.topic, name: 'other' } };
    const application = {
      name: 'app',
      topologies: [{ ...base, parts: [{ ...part, inputs: [input, other] }] }],
    };
    await expect(fixture.run('a', { application })).rejects.toThrow(/other has 3 partitions and words has 2/);
  });

  it('refuse a missing topic by its name', async () => {
    const fresh = new EngineFixture();
    fresh.log.deleteTopic('counts');
    await expect(fresh.run('a')).rejects.toThrow(/do not exist: counts/);
    await fresh.stop();
  });

  it('wait for a broker that is away', async () => {
    fixture.log.away = true;
    setTimeout(() => {
      fixture.log.away = false;
    }, 100);
    const process = await fixture.run('a');
    expect(process.said).toContain('not possible yet');
  });
});

describe('readiness', () => {
  it('says since when a task waits for the registry, and no more when it goes on', async () => {
    let isAway = false;
    const away = Object.assign(new Error('the registry is away'), { failure: 'retryable' });
    const prepare = () => (isAway ? Promise.reject(away) : null);
    const { engine } = await fixture.run('a', { prepare });
    await eventually(() => engine.tasks().every(({ phase }) => phase === 'running'));
    isAway = true;
    fixture.send(['north']);
    await eventually(() => engine.tasks().some(({ lastError }) => lastError !== null));
    expect(engine.readiness().ready).toBe(true);
    fixture.nowMs += 31_000;
    expect(engine.readiness().reasons).toEqual([
      expect.stringMatching(/^task \d has been waiting for 31 s: the registry is away$/),
    ]);
    isAway = false;
    await eventually(() => fixture.counts()['north'] !== undefined, 6000);
    expect(engine.readiness()).toEqual({ ready: true, reasons: [] });
  });
});
