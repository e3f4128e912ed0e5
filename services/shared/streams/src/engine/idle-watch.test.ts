import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EngineFixture, eventually, remindApplication } from './engine-fixture.ts';

let fixture: EngineFixture;
beforeEach(() => {
  fixture = new EngineFixture();
});
afterEach(() => fixture.stop());

const application = remindApplication();
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const woken = (key: string) => fixture.counts()[key];

/** Sends a record that wants to be woken 30 s later, and lets it be committed. */
async function remind(key: string): Promise<number> {
  fixture.send([key]);
  const sentMs = fixture.nowMs;
  await eventually(() => fixture.log.committed('app.remind.timers.changelog').flat().length > 0);
  return sentMs;
}

describe('idle time', () => {
  it('lets a timer fire when nothing comes and nothing can be on its way', async () => {
    await fixture.run('a', { application });
    const sentMs = await remind('amy');
    fixture.nowMs += 29_000;
    await sleep(200);
    expect(woken('amy')).toBeUndefined();
    fixture.nowMs += 2000;
    await eventually(() => woken('amy') !== undefined);
    expect(woken('amy')).toEqual([sentMs + 30_000]);
  });

  it('goes on where it stood after a restart, and counts no span twice', async () => {
    const first = await fixture.run('a', { application });
    const sentMs = await remind('amy');
    fixture.nowMs += 31_000;
    await eventually(() => woken('amy') !== undefined);
    await first.engine.stop();
    await fixture.run('a', { application }, first.states);
    fixture.send(['bob']);
    await sleep(100);
    fixture.nowMs += 29_000;
    await sleep(200);
    expect(woken('bob')).toBeUndefined();
    fixture.nowMs += 2000;
    await eventually(() => woken('bob') !== undefined);
    expect(woken('bob')).toEqual([sentMs + 31_000 + 30_000]);
  });

  it('stands still while an application upstream has not done its work: down for a minute, no timer early', async () => {
    fixture.log.createTopic('raw', 2);
    // The upstream has read what there was, then it goes down and a record for us waits there.
    const upstream = fixture.log.coordinator('upstream');
    fixture.log.append('raw', 'carol', '1', fixture.nowMs);
    await fixture.run('a', {
      application,
      upstream: (topic) => (topic === 'words' ? [{ groupId: 'upstream', topics: ['raw'] }] : []),
    });
    await remind('amy');
    fixture.nowMs += 60_000;
    await sleep(300);
    expect(woken('amy')).toBeUndefined();
    // It comes back, works the record, which keeps amy from being told about, and says so.
    for (const partition of [0, 1]) {
      upstream.recorded.set(
        `raw/${partition}`,
        fixture.log.partition({ topic: 'raw', partition }).highWatermark,
      );
    }
    await eventually(() => woken('amy') !== undefined);
  });

  it('stands still while a task of its own has not keyed a record anew', async () => {
    await fixture.run('a', { application });
    await remind('amy');
    await eventually(() => fixture.log.coordinator('app').recorded.size > 0);
    // Another process has the other task and has stopped over a record.
    const { lag } = fixture.log;
    fixture.log.lag = async (group, topic) =>
      group === 'app' && topic === 'entry' ? 1 : await lag.call(fixture.log, group, topic);
    fixture.nowMs += 60_000;
    await sleep(300);
    expect(woken('amy')).toBeUndefined();
    fixture.log.lag = lag;
    await eventually(() => woken('amy') !== undefined);
  });

  it('begins only when the inputs have stood still for as long as the topology says', async () => {
    await fixture.run('a', { application });
    await remind('amy');
    fixture.nowMs += 29_000;
    fixture.send(['amy-2', 'bob', 'carol', 'dora']);
    await sleep(100);
    fixture.nowMs += 14_000;
    await sleep(200);
    expect(woken('amy')).toBeUndefined();
    fixture.nowMs += 1000;
    await eventually(() => woken('amy') !== undefined);
  });

  it('stands still while an input has more than was fetched of it', async () => {
    const process = await fixture.run('a', { application });
    await remind('amy');
    for (const partition of [0, 1]) process.member().pause({ topic: 'words', partition });
    // Not even the recorded offsets know of it yet.
    fixture.log.lag = async () => 0;
    await sleep(50);
    fixture.send(['amy']);
    fixture.nowMs += 60_000;
    await sleep(200);
    expect(woken('amy')).toBeUndefined();
  });

  it('stands still while the log does not answer', async () => {
    await fixture.run('a', { application });
    await remind('amy');
    fixture.log.away = true;
    fixture.nowMs += 60_000;
    await sleep(200);
    expect(woken('amy')).toBeUndefined();
    fixture.log.away = false;
    await eventually(() => woken('amy') !== undefined);
  });
});
