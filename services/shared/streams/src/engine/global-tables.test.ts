import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createMemoryState } from '../store/memory-state.ts';
import { eventually } from './engine-fixture.ts';
import { GlobalTable } from './global-tables.ts';
import { MemoryLog } from './memory-log.ts';

const dayMs = 24 * 60 * 60 * 1000;
let log: MemoryLog;
let said: string[];
const open: GlobalTable[] = [];

beforeEach(() => {
  log = new MemoryLog();
  log.createTopic('stores', 2);
  said = [];
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((table) => table.stop()));
});

async function start(
  state = createMemoryState(),
  nowMs = dayMs,
  prepared: string[] = [],
): Promise<GlobalTable> {
  const say = (_fields: object, message: string) => void said.push(message);
  const table = new GlobalTable({
    topic: 'stores',
    partitions: 2,
    reader: log.createReader(),
    state,
    clock: () => nowMs,
    deleteRetentionMs: 7 * dayMs,
    prepare: (values) => {
      prepared.push(...Array.from(values, String));
      return null;
    },
    logger: { debug: say, info: say, warn: say, error: say },
  });
  await table.start();
  open.push(table);
  return table;
}

describe('a global table', () => {
  it('is read to its ends before anything else, then followed, deletes included', async () => {
    log.append('stores', 'north', 'Taipei');
    log.append('stores', 'south', 'Tainan');
    const prepared: string[] = [];
    const table = await start(createMemoryState(), dayMs, prepared);
    expect([String(table.get('north')), String(table.get('south'))]).toEqual(['Taipei', 'Tainan']);
    expect(prepared.toSorted()).toEqual(['Tainan', 'Taipei']);
    log.append('stores', 'north', null);
    log.append('stores', 'south', 'Kaohsiung');
    await eventually(() => table.get('north') === undefined && String(table.get('south')) === 'Kaohsiung');
    expect(table.offsets().reduce((sum, offset) => sum + offset, 0)).toBe(4);
  });

  it('lets a task wait until it is as far as the last commit saw it', async () => {
    const table = await start();
    const partition = log.partitionOf(Buffer.from('north'), 2);
    const offsets = [0, 0].with(partition, 1);
    let reached = false;
    const waiting = table.reached(offsets, new AbortController().signal).then(() => {
      reached = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(reached).toBe(false);
    log.append('stores', 'north', 'Taipei');
    await waiting;
  });

  it('is found again by a restart; a copy that is too old or ahead of the log is rebuilt', async () => {
    log.append('stores', 'north', 'Taipei');
    const state = createMemoryState();
    await (await start(state)).stop();
    open.length = 0;
    await (await start(state, 2 * dayMs)).stop();
    open.length = 0;
    expect(said).toEqual([]);
    await (await start(state, 9 * dayMs)).stop();
    open.length = 0;
    expect(said).toEqual(['copy of a global table is rebuilt from the log']);
    log.clearAll();
    const table = await start(state, 9 * dayMs);
    expect(said).toHaveLength(2);
    expect(table.get('north')).toBeUndefined();
  });

  it('goes on when the log comes back', async () => {
    const table = await start();
    log.away = true;
    await eventually(() => said.includes('global table waits'));
    log.away = false;
    log.append('stores', 'north', 'Taipei');
    await eventually(() => table.get('north') !== undefined);
  });
});
