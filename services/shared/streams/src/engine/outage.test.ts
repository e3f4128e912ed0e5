import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deduplicate } from '../operators/deduplicate.ts';
import { textSerde } from '../operators/serdes.ts';
import { memoryStates } from '../store/state-directory.ts';
import { application, topology } from '../topology/topology.ts';
import { EngineFixture, eventually } from './engine-fixture.ts';

const dayMs = 24 * 60 * 60 * 1000;
const words = { name: 'words', partitions: 'P', serde: textSerde } as const;
const counts = { name: 'counts', partitions: 'P', serde: textSerde } as const;

/** Each word once an hour. */
const onceAnHour = application('app', [
  topology('once', {
    order: 'free',
    parts: [
      deduplicate({
        name: 'word',
        from: words,
        id: (_value, key) => key,
        withinMs: 3_600_000,
        forward: ({ key, value }, context) => context.emit(counts, key, value),
        outputs: [counts],
      }),
    ],
  }),
]);

let fixture: EngineFixture;
beforeEach(() => {
  fixture = new EngineFixture();
});
afterEach(() => fixture.stop());

const came = () =>
  fixture.log
    .committed('counts')
    .flat()
    .map(({ key }) => String(key));

describe('windows over an outage', () => {
  it('are found in the log by a machine without a copy, after as long as inputs are kept', async () => {
    const first = await fixture.run('a', { application: onceAnHour });
    fixture.send(['north']);
    await eventually(() => came().length === 1);
    await first.engine.stop();
    // Accepted before the outage, worked behind it: stream time has not moved meanwhile.
    fixture.send(['north', 'south']);
    fixture.nowMs += 3 * dayMs;
    fixture.log.deleteOlderThanKept(fixture.nowMs);
    await fixture.run('b', { application: onceAnHour }, memoryStates());
    await eventually(() => came().includes('south'));
    expect(came().toSorted()).toEqual(['north', 'south']);
  });
});
