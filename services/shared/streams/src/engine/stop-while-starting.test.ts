import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EngineFixture } from './engine-fixture.ts';

let fixture: EngineFixture;
beforeEach(() => {
  fixture = new EngineFixture();
});
afterEach(() => fixture.stop());

const turn = () => new Promise((resolve) => setTimeout(resolve, 30));

describe('an engine that is stopped while its start still waits', () => {
  it('ends both at once, for a broker that is away', async () => {
    fixture.log.away = true;
    const starting = fixture.run('a').catch((error: unknown) => error);
    await turn();
    await fixture.stop();
    expect(await starting).toMatchObject({ code: 'ZT-STREAMS-STOPPED' });
  });

  it('ends both at once, for a call that is never answered', async () => {
    fixture.log.ensureTopics = () => new Promise(() => {});
    const starting = fixture.run('a').catch((error: unknown) => error);
    await turn();
    await fixture.stop();
    expect(await starting).toMatchObject({ code: 'ZT-STREAMS-STOPPED' });
  });
});

describe('an engine that waits at its start', () => {
  it('says so once, not with each of its attempts', async () => {
    fixture.log.away = true;
    const starting = fixture.run('a').catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const [process] = fixture.processes;
    expect(process?.said.filter((line) => line === 'not possible yet')).toHaveLength(1);
    await fixture.stop();
    await starting;
  });
});
