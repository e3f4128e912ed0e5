import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parsePosition } from '../task/position.ts';
import { forgetTopology, moveInput } from './change-positions.ts';
import { countApplication, EngineFixture, eventually } from './engine-fixture.ts';

let fixture: EngineFixture;
beforeEach(() => {
  fixture = new EngineFixture();
});
afterEach(() => fixture.stop());

const keys = ['a', 'b', 'c', 'd'];
const counted = () => Object.values(fixture.counts()).flat().length;
const parts = () => ({ log: fixture.log, application: countApplication(), partitions: 2, clock: Date.now });
const positions = () =>
  fixture.log.committed('app.position').map((records) => {
    const value = records.at(-1)?.value;
    return value == null ? null : parsePosition(value);
  });

async function runOnce(expected = keys.length): Promise<void> {
  const { engine } = await fixture.run('a');
  fixture.send(keys);
  await eventually(() => counted() === expected);
  await engine.stop();
}

/** What the brokers do with records that are too old. */
function expireAll(): void {
  for (const partition of [0, 1])
    fixture.log.partition({ topic: 'words', partition }).expire(Number.POSITIVE_INFINITY);
}

describe('an input topic that was made anew', () => {
  it('is read from its beginning, and loudly: nothing of it is skipped', async () => {
    await runOnce();
    fixture.log.deleteTopic('words');
    fixture.log.createTopic('words', 2);
    fixture.send([...keys, ...keys, ...keys]);
    const { said } = await fixture.run('b');
    await eventually(() => counted() === 16);
    expect(said).toContain('input topic was made anew and is read from its beginning');
  });

  it('and is empty stops nobody', async () => {
    await runOnce();
    fixture.log.deleteTopic('words');
    fixture.log.createTopic('words', 2);
    const { fatal } = await fixture.run('b');
    fixture.send(keys);
    await eventually(() => counted() === 8);
    expect(fatal).toEqual([]);
  });
});

describe('an input whose unread records are gone', () => {
  const refusal = {
    code: 'ZT-STREAMS-INPUT-RANGE',
    failure: 'fatal',
    message: expect.stringMatching(
      /^words\/\d: the position \d+ lies outside of what is there, \d+ to \d+; .*APPLICATION=app INPUT=words FROM=earliest node/,
    ),
  };

  it('stops the application with place, position, bounds and remedy', async () => {
    await runOnce();
    fixture.send([...keys, ...keys]);
    expireAll();
    const { fatal } = await fixture.run('b');
    await eventually(() => fatal.length > 0);
    expect(fatal[0]).toMatchObject(refusal);
  });

  it('stops a running application in the same way', async () => {
    const { fatal, member } = await fixture.run('a');
    await eventually(() => positions().every((position) => position !== null));
    member().freeze();
    fixture.send(keys);
    expireAll();
    member().options.onFatal(new Error('the requested offset is not within the range'));
    await eventually(() => fatal.length > 0);
    expect(fatal[0]).toMatchObject(refusal);
  });

  it.each([
    ['earliest', 8],
    ['latest', 4],
  ] as const)('is gone on with from the %s, once that was asked for', async (to, expected) => {
    await runOnce();
    fixture.send(keys);
    expireAll();
    fixture.send(keys);
    const moved = await moveInput(parts(), 'words', to);
    expect(moved.map(({ partition }) => partition)).toEqual([0, 1]);
    const { fatal } = await fixture.run('b');
    await eventually(() => counted() === expected);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([fatal, counted()]).toEqual([[], expected]);
  });
});

describe('a change of positions', () => {
  it('fences whoever still works', async () => {
    const zombie = await fixture.run('a');
    await eventually(() => positions().every((position) => position !== null));
    await moveInput(parts(), 'words', 'latest');
    fixture.send(keys);
    await eventually(() => zombie.said.includes('task was fenced by its successor'));
  });

  it('is refused for a topic that is no input', async () => {
    await expect(moveInput(parts(), 'nope', 'latest')).rejects.toThrow('nope is no input of app');
  });

  it('takes a removed topology out: shape, times, beginnings, and inputs that nobody else reads', async () => {
    await runOnce();
    const [before] = positions();
    const application = { ...countApplication(), topologies: [] };
    expect(await forgetTopology({ ...parts(), application }, 'count')).toEqual([0, 1]);
    const [after] = positions();
    expect(before?.shapes['count']).toBeDefined();
    expect(after).toMatchObject({ inputs: {}, shapes: {}, times: {}, topics: {}, from: {} });
  });
});
