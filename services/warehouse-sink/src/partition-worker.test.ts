import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { CommitPosition, RawBatch, RawRecord } from '@zhongtai/highway';
import { createLogger, createMetrics, ZhongtaiError } from '@zhongtai/runtime';
import { recordOf, schemaText } from '@zhongtai/schemas';
import { tableOf } from '@zhongtai/warehouse';
import { createBudget } from './budget.ts';
import type { SendOrder } from './cut-sender.ts';
import { createSinkMetrics } from './metrics.ts';
import { take } from './partition-machine.ts';
import { PartitionWorker } from './partition-worker.ts';
import type { Plans } from './plans.ts';

const place = { topic: 'highway.marketing', partition: 2 };
const epoch = '1700000000000';
const table = tableOf('event', 'highway', 'message_sent', schemaText('zhongtai.marketing.MessageSent'));
const plans: Plans = {
  route: () => ({
    group: 'g',
    table,
    columns: [],
    plan: {
      table,
      columns: [],
      encode(_, origin, writer) {
        writer.byte(origin.offset);
        return 0;
      },
    },
  }),
  deletionRoute: () => {
    throw new Error('not asked for');
  },
};

interface Stage {
  readonly worker: PartitionWorker;
  readonly commits: CommitPosition[];
  readonly sent: SendOrder[];
  readonly lost: unknown[];
}

interface Conditions {
  readonly committed?: { offset: number | null; metadata: string };
  readonly maxRows?: number;
  readonly commit?: (n: number) => Promise<void>;
  readonly send?: (order: SendOrder) => Promise<void>;
  readonly learn?: () => Promise<void>;
}

function stageOf(conditions: Conditions = {}): Stage {
  const { committed = { offset: null, metadata: '' }, maxRows = 3, commit, send, learn } = conditions;
  const topic = recordOf('message_sent')?.topic;
  if (topic === undefined) throw new Error('the catalogue lacks message_sent');
  const none = {
    lagSeconds: () => new Map(),
    pendingSeconds: () => 0,
    blockedPartitions: () => 0,
    openBytes: () => 0,
  };
  const commits: CommitPosition[] = [];
  const sent: SendOrder[] = [];
  const lost: unknown[] = [];
  let unlearned = learn === undefined ? [] : [7];
  const worker = new PartitionWorker(
    {
      place,
      topic,
      generation: 4,
      plans,
      codec: {
        schemaIdOf: () => 1,
        unlearned: () => unlearned,
        async learn() {
          await learn?.();
          unlearned = [];
        },
      },
      owner: {
        async commit(generation, positions) {
          expect(generation).toBe(4);
          await commit?.(commits.length);
          commits.push(...positions);
        },
      },
      sender: {
        async send(order) {
          await order.mayStillSend();
          sent.push(order);
          await send?.(order);
        },
      },
      budget: createBudget(1e9),
      limits: { maxRows, maxBytes: 1e6, lingerMs: 5, behindLingerMs: 10 },
      metrics: createSinkMetrics(createMetrics(), none),
      logger: createLogger({ name: 'test', level: 'silent' }),
      clock: Date.now,
      monotonicMs: () => performance.now(),
      onLost: (error) => lost.push(error),
    },
    take({ ...committed, earliest: 0, end: 1000 }, Number(epoch)),
  );
  return { worker, commits, sent, lost };
}

function batchOf(offsets: readonly number[], nextOffset = (offsets.at(-1) ?? 0) + 1): RawBatch {
  const records = offsets.map((offset): RawRecord => {
    return { offset, timestampMs: 1, key: null, value: Buffer.from([0]), headers: {} };
  });
  const firstOffset = offsets[0] ?? 0;
  return { ...place, generation: 4, records, firstOffset, nextOffset, highWatermark: nextOffset, bytes: 1 };
}

async function until(holds: () => boolean): Promise<void> {
  for (let n = 0; n < 400 && !holds(); n++) await sleep(5);
  expect(holds()).toBe(true);
}

const ranges = (orders: readonly SendOrder[]) => orders.map(({ cut }) => [cut.first, cut.last, cut.rows]);

describe('the worker of a partition', () => {
  it('records a cut, sends it and closes it; gaps in the offsets belong to the cut', async () => {
    const { worker, commits, sent } = stageOf();
    await worker.absorb(batchOf([5, 9], 12));
    await until(() => commits.length === 2);
    expect(ranges(sent)).toEqual([[0, 11, 2]]);
    expect(commits).toEqual([
      { ...place, offset: 0, metadata: `${epoch}:0-11` },
      { ...place, offset: 12, metadata: epoch },
    ]);
    await worker.stop(true);
  });

  it('closes a cut and records the next in one commit while it is behind', async () => {
    const { worker, commits, sent } = stageOf({ send: () => sleep(20) });
    await worker.absorb(batchOf([0, 1, 2, 3, 4, 5]));
    await until(() => commits.length === 3);
    expect(ranges(sent)).toEqual([
      [0, 2, 3],
      [3, 5, 3],
    ]);
    expect(commits.map(({ metadata }) => metadata)).toEqual([`${epoch}:0-2`, `${epoch}:3-5`, epoch]);
    await worker.stop(true);
  });

  it('replays a recorded range exactly, whatever its own limits and the batches are', async () => {
    const { worker, commits, sent } = stageOf({ committed: { offset: 10, metadata: `${epoch}:10-17` } });
    await worker.absorb(batchOf([10, 11, 12, 13, 14]));
    expect(sent).toEqual([]);
    await worker.absorb(batchOf([15, 16, 19, 20]));
    await until(() => commits.at(-1)?.offset === 21);
    expect(ranges(sent)).toEqual([
      [10, 17, 7],
      [18, 20, 2],
    ]);
    expect(commits[0]).toEqual({ ...place, offset: 10, metadata: `${epoch}:10-17` });
    await worker.stop(true);
  });

  it('sends nothing after a refused commit and gives the partition up', async () => {
    const refuse = async () => {
      throw new ZhongtaiError('ZT-HIGHWAY-COMMIT-REFUSED', 'retryable', 'the generation has passed');
    };
    const { worker, sent, lost } = stageOf({ commit: refuse });
    await worker.absorb(batchOf([0, 1, 2]));
    await until(() => lost.length === 1);
    expect(sent).toEqual([]);
    await expect(worker.absorb(batchOf([3, 4, 5]))).rejects.toMatchObject({ code: 'ZT-SINK-GIVEN-UP' });
    expect(sent).toEqual([]);
  });

  it('takes no more in than one cut beside the one that is being sent', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { worker, sent, commits } = stageOf({ send: () => held });
    let absorbed = false;
    const absorbing = worker.absorb(batchOf([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])).then(() => {
      absorbed = true;
    });
    await sleep(50);
    expect([absorbed, sent.length]).toEqual([false, 1]);
    release();
    await absorbing;
    await until(() => commits.at(-1)?.offset === 10);
    await worker.stop(true);
  });

  it('holds the partition while the registry is away', async () => {
    let asked = 0;
    const { worker, sent, commits } = stageOf({
      learn: async () => {
        asked += 1;
        if (asked < 3) throw new ZhongtaiError('ZT-HIGHWAY-REGISTRY-AWAY', 'retryable', 'no answer');
      },
    });
    await worker.absorb(batchOf([0]));
    await until(() => commits.length === 2);
    expect([asked, ...ranges(sent)]).toEqual([3, [0, 0, 1]]);
    await worker.stop(true);
  });
});
