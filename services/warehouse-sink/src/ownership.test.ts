import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import type { OwnerOptions, PartitionOwner, Place, RawBatch } from '@zhongtai/highway';
import { createLogger, createMetrics, ZhongtaiError } from '@zhongtai/runtime';
import { recordOf } from '@zhongtai/schemas';
import { createBudget } from './budget.ts';
import { createSinkMetrics } from './metrics.ts';
import { createOwnership, type Ownership } from './ownership.ts';

const topics = [recordOf('message_sent')?.topic].filter((topic) => topic !== undefined);
const first: Place = { topic: 'highway.marketing', partition: 0 };
const second: Place = { topic: 'highway.marketing', partition: 1 };
const places = [first, second];

interface Stage {
  readonly ownership: Ownership;
  readonly group: OwnerOptions;
  readonly memberships: () => number;
  readonly went: string[];
  readonly fatal: unknown[];
  readonly sent: string[];
}

async function stageOf(plans: { route(): never } | null = null): Promise<Stage> {
  let group: OwnerOptions | null = null;
  let memberships = 0;
  const [went, sent]: [string[], string[]] = [[], []];
  const fatal: unknown[] = [];
  const owner: PartitionOwner = {
    assignment: { generation: 1, partitions: places },
    async start() {
      await group?.onAssigned({ generation: 1, partitions: places });
    },
    stop: async () => undefined,
    committed: async (some) => some.map((place) => ({ ...place, offset: null, metadata: '' })),
    bounds: async (some) => some.map((place) => ({ ...place, earliest: 0, end: 100 })),
    go: ({ partition }, offset) => void went.push(`${partition}:${offset}`),
    pause: () => undefined,
    resume: () => undefined,
    commit: async () => undefined,
    confirm: async () => true,
    rejoin: () => undefined,
  };
  const ownership = createOwnership({
    highway: {
      ownPartitions(options: OwnerOptions) {
        group = options;
        memberships += 1;
        return owner;
      },
    },
    groupId: 'g',
    topics,
    sessionTimeoutMs: 6000,
    logger: createLogger({ name: 'test', level: 'silent' }),
    onFatal: (error) => fatal.push(error),
    worker: {
      codec: { schemaIdOf: () => undefined, unlearned: () => [], learn: async () => undefined },
      plans: {
        route: () => plans?.route() ?? unexpected(),
        deletionRoute: () => plans?.route() ?? unexpected(),
      },
      sender: {
        send: async ({ place, cut }) => void sent.push(`${place.partition}:${cut.first}-${cut.last}`),
      },
      budget: createBudget(1e9),
      limits: { maxRows: 1, maxBytes: 1e6, lingerMs: 1, behindLingerMs: 1 },
      metrics: createSinkMetrics(createMetrics(), {
        lagSeconds: () => new Map(),
        pendingSeconds: () => 0,
        blockedPartitions: () => 0,
        openBytes: () => 0,
      }),
      logger: createLogger({ name: 'test', level: 'silent' }),
      clock: Date.now,
      monotonicMs: () => performance.now(),
    },
  });
  await ownership.start();
  if (group === null) throw new Error('the group was not joined');
  return { ownership, group, memberships: () => memberships, went, fatal, sent };
}

function unexpected(): never {
  throw new Error('not asked for');
}

function batchAt(place: Place, offset: number, value: Buffer | null = Buffer.from('no Avro')): RawBatch {
  const records = [{ offset, timestampMs: 1, key: null, value, headers: {} }];
  const ends = { firstOffset: offset, nextOffset: offset + 1, highWatermark: offset + 1 };
  return { ...place, generation: 1, records, ...ends, bytes: 1 };
}

const heldOf = ({ ownership }: Stage) =>
  [...ownership.workers()].map(({ place, held }) => `${place.partition} ${held ?? 'reads'}`);

describe('the ownership of partitions', () => {
  it.each(['ZT-HIGHWAY-UNREADABLE', 'ZT-HIGHWAY-CORRUPT', 'ZT-HIGHWAY-DENIED'] as const)(
    'a partition with %s stands still alone, and is tried again where it stood',
    async (code) => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
      try {
        const stage = await stageOf();
        const { group, went, fatal } = stage;
        await group.onBatch(batchAt(first, 0));
        group.onFatal?.(new ZhongtaiError(code, 'fatal', 'a batch', { details: { ...first, offset: 1 } }));
        expect(heldOf(stage)).toEqual([`0 ${code}`, '1 reads']);
        await group.onBatch(batchAt(second, 0));
        expect(stage.sent).toContain('1:0-0');
        expect(went).toEqual(['0:0', '1:0']);
        await jest.advanceTimersByTimeAsync(60_000);
        expect(went).toEqual(['0:0', '1:0', '0:1']);
        await group.onBatch(batchAt(first, 1));
        expect(heldOf(stage)).toEqual(['0 reads', '1 reads']);
        expect([fatal, stage.memberships()]).toEqual([[], 1]);
        await stage.ownership.stop();
      } finally {
        jest.useRealTimers();
      }
    },
  );

  it('a record that meets a fault of our own blocks its partition and does not end the process', async () => {
    const stage = await stageOf({
      route() {
        throw new TypeError('a fault of the sink');
      },
    });
    const failing = stage.group.onBatch(batchAt(first, 0, null));
    const error = await failing.then(unexpected, (thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ZT-SINK-BLOCKED', failure: 'fatal', details: { ...first } });
    stage.group.onFatal?.(error);
    expect(heldOf(stage)).toEqual(['0 ZT-SINK-BLOCKED', '1 reads']);
    expect([stage.fatal, stage.memberships()]).toEqual([[], 1]);
    await stage.ownership.stop();
  });

  it('a failure of the whole membership ends the process', async () => {
    const stage = await stageOf();
    const denied = new ZhongtaiError('ZT-HIGHWAY-DENIED', 'fatal', 'no right to the group');
    stage.group.onFatal?.(denied);
    expect(stage.fatal).toEqual([denied]);
    await sleep(1);
    await stage.ownership.stop();
  });
});
