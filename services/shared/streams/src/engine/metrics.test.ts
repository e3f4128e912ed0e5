import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { application, topology } from '../topology/topology.ts';
import type { Application } from '../topology/types.ts';
import { EngineFixture, eventually } from './engine-fixture.ts';
import { createEngineMetrics } from './metrics.ts';

const HOUR = 3_600_000;

/** Does with a record what its key says. */
function obedient(): Application {
  const serde = { name: 'text', encode: (text: string) => Buffer.from(text), decode: String };
  const words = { name: 'words', partitions: 'P', serde } as const;
  const wake = { name: 'wake', onDue: () => undefined };
  return application('app', [
    topology('obey', {
      order: 'free',
      idleMs: null,
      parts: [
        {
          name: 'obey',
          operator: 'stream',
          timers: [wake],
          inputs: [
            {
              topic: words,
              kind: 'stream',
              stage: 'obey',
              handle({ key, value }, context) {
                if (key === 'throw') throw new Error('as told');
                if (key === 'refuse') context.deadLetter('NOT-OURS');
                if (key === 'late') context.late(5);
                if (key === 'drop') context.drop('unused');
                if (key.startsWith('wake') && value === '1')
                  context.wakeAt(wake, key, context.streamTimeMs + HOUR);
                if (key.startsWith('wake') && value === '0') context.cancel(wake, key);
              },
            },
          ],
        },
      ],
    }),
  ]);
}

/** The values of a metric by their labels but those that are the same everywhere. */
async function read(registry: Registry, name: string): Promise<Record<string, number>> {
  const metric = await registry.getSingleMetric(`zhongtai_streams_${name}`)?.get();
  const found: Record<string, number> = {};
  for (const { labels, value } of metric?.values ?? []) {
    const { application: _, topology: __, partition: ___, ...rest } = labels;
    const key = Object.values(rest).join(' ');
    found[key] = (found[key] ?? 0) + value;
  }
  return found;
}

describe("the engine's metrics", () => {
  let fixture: EngineFixture;
  let metrics: Registry;
  beforeEach(async () => {
    fixture = new EngineFixture();
    metrics = new Registry();
    await fixture.run('a', { application: obedient(), metrics });
  });
  afterEach(() => fixture.stop());

  /** The values come to be these, and stay. */
  async function become(name: string, expected: Record<string, number>): Promise<void> {
    const until = Date.now() + 3000;
    while (JSON.stringify(await read(metrics, name)) !== JSON.stringify(expected) && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(await read(metrics, name)).toEqual(expected);
  }

  it('count what became of records', async () => {
    fixture.send(['fine', 'throw', 'throw', 'refuse', 'late', 'late', 'late', 'drop', 'wake']);
    await become('records_total', { '': 9 });
    await become('dead_lettered_total', { 'obey NOT-OURS': 1, 'obey ZT-STREAMS-HANDLER': 2 });
    await become('late_total', { '': 3 });
    await become('dropped_total', { unused: 1 });
    await become('input_lag', { words: 0 });
  });

  it('say how many timers wait, as they come and go', async () => {
    await become('timers_pending', { '': 0 });
    fixture.send(['wake-1', 'wake-2', 'wake-3']);
    await become('timers_pending', { '': 3 });
    await become('store_entries', { '': 6 });
    fixture.log.append('words', 'wake-2', '0', fixture.nowMs);
    await become('timers_pending', { '': 2 });
  });

  it('count commits that failed by what is known of them', async () => {
    fixture.log.fate = () => 'lost-before';
    fixture.send(['fine']);
    await eventually(() => fixture.log.fences > 2);
    fixture.log.fate = () => 'commit';
    await become('fenced_total', {});
    const { unknown = 0, ...others } = await read(metrics, 'aborts_total');
    expect(unknown).toBeGreaterThan(0);
    expect(others).toEqual({});
  });

  it('count a task that a successor took', async () => {
    await become('records_total', {});
    const partition = fixture.log.partitionOf(Buffer.from('fine'), 2);
    await fixture.log.createProducer(`app.${partition}`).fence();
    fixture.send(['fine']);
    await become('fenced_total', { '': 1 });
    await become('aborts_total', { fenced: 1 });
  });
});

it('a restore says how much it still has to read, until it is done', async () => {
  const metrics = new Registry();
  const task = {
    partition: 3,
    phase: 'restoring' as const,
    restoreRemaining: 70,
    inputLag: () => new Map([['words', 4]]),
    stats: () => new Map([['obey', { streamTimeMs: HOUR, timersPending: 2 }]]),
    stateSize: () => ({ bytes: 10, entries: 1 }),
  };
  const tasks = [task];
  createEngineMetrics(metrics, { application: 'app', tasks: () => tasks }, () => HOUR + 2500);
  expect(await read(metrics, 'restore_remaining')).toEqual({ '': 70 });
  expect(await read(metrics, 'stream_time_lag_seconds')).toEqual({ '': 2.5 });
  expect(await read(metrics, 'task_state')).toMatchObject({ restoring: 1, running: 0 });
  task.restoreRemaining = 0;
  expect(await read(metrics, 'restore_remaining')).toEqual({ '': 0 });
  tasks.length = 0;
  expect(await read(metrics, 'restore_remaining')).toEqual({});
});
