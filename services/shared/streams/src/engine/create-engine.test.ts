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
    fixture.send(Array.from({ length: 20_000 }, (_, n) => `k${n % 50}`));
    await fixture.run('a', { limits: { commitMs: 100 } });
    await eventually(() => Object.values(fixture.counts()).flat().length === 20_000, 10_000);
    expect(fixture.log.commits).toBeLessThan(60);
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
