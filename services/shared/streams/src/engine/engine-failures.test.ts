import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStates } from '../store/state-directory.ts';
import { countApplication, EngineFixture, eventually, upTo } from './engine-fixture.ts';
import type { CommitFate } from './memory-log.ts';

let fixture: EngineFixture;
beforeEach(() => {
  fixture = new EngineFixture();
});
afterEach(() => fixture.stop());

const keys = Array.from({ length: 200 }, (_, n) => `k${n % 5}`);
const totals = (times: number) => Object.fromEntries(keys.slice(0, 5).map((key) => [key, 40 * times]));
const done = (times: number) => () =>
  Object.values(fixture.counts()).reduce((sum, { length }) => sum + length, 0) >= 200 * times;
const exact = (times: number) => {
  expect(fixture.counts()).toEqual(upTo(totals(times)));
  expect(fixture.changelog()).toEqual(totals(times));
};

/** Every commit number `at` of each task meets the fate once. */
function once(fate: CommitFate, at = 2): void {
  const seen = new Map<string, number>();
  fixture.log.fate = (id) => {
    const count = (seen.get(id) ?? 0) + 1;
    seen.set(id, count);
    return count === at ? fate : 'commit';
  };
}

describe('a commit whose answer is lost', () => {
  it.each(['lost-before', 'unknown-committed', 'unknown-aborted', 'open'] as const)(
    'is neither lost nor done twice: %s',
    async (fate) => {
      once(fate);
      const { said } = await fixture.run('a');
      fixture.send(keys);
      await eventually(done(1));
      fixture.send(keys);
      await eventually(done(2));
      expect(said).toContain('outcome of a commit is unknown; the task is opened anew');
      exact(2);
    },
  );

  it('is asked about only by whoever is still in the group', async () => {
    once('unknown-committed', 1);
    const first = await fixture.run('a');
    first.member().confirm = async () => false;
    const fences = fixture.log.fences;
    fixture.send(keys);
    await eventually(() => first.said.includes('outcome of a commit is unknown; the task is opened anew'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(fixture.log.fences).toBe(fences);
  });
});

describe('a process that dies', () => {
  it('between the commit and its local copy leaves a copy that replays the tail', async () => {
    const first = await fixture.run('a');
    fixture.send(keys);
    await eventually(done(1));
    // The copy as it was before the next commits, which another process makes.
    const copies = first.states;
    first.member().freeze();
    await fixture.log.coordinator('app').expire(first.member());
    const second = await fixture.run('b');
    fixture.send(keys);
    await eventually(done(2));
    await second.engine.stop();
    await fixture.run('c', {}, copies);
    fixture.send(keys);
    await eventually(done(3));
    exact(3);
  });

  it('with an open transaction is ended by its successor', async () => {
    const first = await fixture.run('a');
    fixture.send(keys);
    await eventually(done(1));
    const member = first.member();
    fixture.log.fate = () => 'open';
    member.confirm = async () => false;
    fixture.send(keys);
    await eventually(() => first.said.includes('outcome of a commit is unknown; the task is opened anew'));
    fixture.log.fate = () => 'commit';
    member.freeze();
    await fixture.log.coordinator('app').expire(member);
    await fixture.run('b');
    await eventually(done(2));
    exact(2);
  });
});

describe('a zombie', () => {
  it('is fenced when it commits, drops what it has and joins again', async () => {
    const zombie = await fixture.run('a');
    fixture.send(keys);
    await eventually(done(1));
    const member = zombie.member();
    member.freeze();
    await fixture.log.coordinator('app').expire(member);
    const successor = await fixture.run('b');
    fixture.send(keys);
    await eventually(done(2));
    // It works the same records before it hears that its time is over; they must not come out.
    await member.thaw(200);
    expect(zombie.said).toContain('task was fenced by its successor');
    fixture.send(keys);
    await eventually(done(3));
    exact(3);
    expect(zombie.engine.tasks().length + successor.engine.tasks().length).toBe(2);
  });

  it('that commits until the moment when it is fenced is not repeated', async () => {
    const zombie = await fixture.run('a');
    fixture.send(keys);
    await eventually(done(1));
    await fixture.log.coordinator('app').expire(zombie.member());
    const create = fixture.log.createProducer.bind(fixture.log);
    let last: Promise<void> | null = null;
    fixture.log.createProducer = (id) => {
      const producer = create(id);
      const fence = async () => {
        last ??= Promise.resolve(fixture.send(keys)).then(() => eventually(done(2)));
        await last;
        await producer.fence();
      };
      return { ...producer, fence };
    };
    await fixture.run('b');
    fixture.send(keys);
    await eventually(done(3));
    exact(3);
  });

  it('whose membership looks sound asks for a new round', async () => {
    const process = await fixture.run('a');
    fixture.send(keys);
    await eventually(done(1));
    await fixture.log.createProducer('app.0').fence();
    await fixture.log.createProducer('app.1').fence();
    fixture.send(keys);
    await eventually(done(2));
    expect(process.said).toContain('task lost, joining the group again');
    exact(2);
  });
});

describe('a local copy', () => {
  const rebuilt = 'local copy is not usable and is rebuilt from the log';

  it('that is ahead of its log is rebuilt', async () => {
    const first = await fixture.run('a');
    fixture.send(keys);
    await eventually(done(1));
    await first.engine.stop();
    const { states } = first;
    fixture.log.clearAll();
    const second = await fixture.run('a', {}, states);
    expect(second.said).toContain(rebuilt);
    fixture.send(keys);
    await eventually(done(1));
    exact(1);
  });

  it('of a log that was made anew is rebuilt, though the new one is longer', async () => {
    const first = await fixture.run('a');
    fixture.send(['gone', ...keys]);
    await eventually(() => fixture.counts()['gone'] !== undefined && done(1)());
    await first.engine.stop();
    fixture.log.clearAll();
    const other = await fixture.run('b');
    fixture.send([...keys, ...keys, ...keys]);
    await eventually(done(3));
    await other.engine.stop();
    const again = await fixture.run('a', {}, first.states);
    fixture.send(['gone']);
    await eventually(() => fixture.counts()['gone'] !== undefined);
    expect(fixture.counts()['gone']).toEqual([1]);
    expect(again.said).toContain(rebuilt);
  });

  it('that is too old is rebuilt, so that what was deleted does not come back', async () => {
    const first = await fixture.run('a');
    fixture.send(keys);
    await eventually(done(1));
    await first.engine.stop();
    fixture.nowMs += 4 * 24 * 3600 * 1000;
    const second = await fixture.run('a', {}, first.states);
    await eventually(() => second.said.includes(rebuilt));
    fixture.send(keys);
    await eventually(done(2));
    exact(2);
  });

  it('is found warm by a restart, which reads the log no further back', async () => {
    const first = await fixture.run('a');
    fixture.send(keys);
    await eventually(done(1));
    await first.engine.stop();
    // Nothing but the tail is needed: what lies before it may be gone.
    for (const partition of [0, 1]) {
      const place = { topic: 'app.count.counts.changelog', partition };
      fixture.log.partition(place).compact();
    }
    const second = await fixture.run('a', {}, first.states);
    fixture.send(keys);
    await eventually(done(2));
    expect(second.said).not.toContain(rebuilt);
    exact(2);
  });

  it('is rebuilt from a compacted changelog whose tail is a marker', async () => {
    const first = await fixture.run('a');
    fixture.send(keys);
    await eventually(done(1));
    await first.engine.stop();
    for (const topic of ['app.count.counts.changelog', 'app.position']) {
      for (const partition of [0, 1]) fixture.log.partition({ topic, partition }).compact();
    }
    await fixture.run('b', {}, memoryStates());
    fixture.send(keys);
    await eventually(done(2));
    exact(2);
  });
});

describe('an error that does not pass', () => {
  it('stops the application and says why', async () => {
    once('fatal', 1);
    const process = await fixture.run('a');
    fixture.send(keys);
    await eventually(() => process.fatal.length > 0);
    expect(process.engine.readiness().reasons).toEqual(['stopped: refused']);
    expect(process.engine.tasks()).toEqual([]);
  });

  it('is another shape of the state', async () => {
    const first = await fixture.run('a');
    fixture.send(keys);
    await eventually(done(1));
    await first.engine.stop();
    const second = await fixture.run('a', { application: countApplication('app', 'other-number') });
    await eventually(() => second.fatal.length > 0);
    expect(String(second.fatal[0])).toContain(
      'app: topology "count": the store counts is stored in another form; give it a new name, or reset',
    );
  });
});

describe('a record that waits for the world', () => {
  it('does not hold back the commit of what was worked before it', async () => {
    const application = countApplication();
    const [input] = application.topologies[0]?.parts[0]?.inputs ?? [];
    if (input === undefined) throw new Error('no input');
    const { handle } = input;
    const waiting = {
      ...input,
      handle: (...[record, context]: Parameters<typeof handle>) => {
        if (record.key === 'waits') throw Object.assign(new Error('away'), { failure: 'retryable' });
        handle(record, context);
      },
    };
    const topologies = application.topologies.map((topology) => ({
      ...topology,
      parts: topology.parts.map((part) => ({ ...part, inputs: [waiting] })),
    }));
    await fixture.run('a', { application: { ...application, topologies } });
    fixture.send([...keys, 'waits']);
    await eventually(done(1), 900);
    exact(1);
  });
});

describe('a task whose close hangs', () => {
  it('is waited for, even when the group has changed twice since', async () => {
    const first = await fixture.run('a', { limits: { revokeMs: 20 } });
    fixture.send(keys);
    await eventually(done(1));
    let finish: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const create = fixture.log.createProducer.bind(fixture.log);
    let isHeld = true;
    fixture.log.createProducer = (id) => {
      const producer = create(id);
      const fence = async () => {
        if (isHeld) await held;
        await producer.fence();
      };
      return { ...producer, fence };
    };
    const coordinator = fixture.log.coordinator('app');
    // Tasks that hang while they are opened; the close of each waits for that.
    await coordinator.rebalance();
    await new Promise((resolve) => setTimeout(resolve, 20));
    isHeld = false;
    const { fences } = fixture.log;
    await coordinator.rebalance();
    await coordinator.rebalance();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(fixture.log.fences).toBe(fences);
    finish();
    fixture.send(keys);
    await eventually(done(2));
    expect(first.said).not.toContain('task lost, joining the group again');
    exact(2);
  });
});
