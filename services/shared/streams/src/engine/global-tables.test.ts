import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createMemoryState } from '../store/memory-state.ts';
import { eventually } from './engine-fixture.ts';
import { GlobalTable } from './global-tables.ts';
import { MemoryLog } from './memory-log.ts';

const dayMs = 24 * 60 * 60 * 1000;
let log: MemoryLog;
let said: string[];
let nowMs: number;
const open: GlobalTable[] = [];

beforeEach(() => {
  log = new MemoryLog();
  log.createTopic('stores', 2);
  said = [];
  nowMs = dayMs;
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((table) => table.stop()));
});

async function start(
  state = createMemoryState(),
  atMs = nowMs,
  prepared: string[] = [],
): Promise<GlobalTable> {
  nowMs = atMs;
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

  it('stood at the end when all its partitions did, not when one of them did', async () => {
    const state = createMemoryState();
    const create = log.createReader.bind(log);
    log.createReader = () => {
      const reader = create();
      const read: typeof reader.read = (place, ...rest) =>
        place.partition === 1 ? Promise.reject(new Error('stuck')) : reader.read(place, ...rest);
      return { ...reader, read };
    };
    await start(state);
    const keyOf = (partition: number) =>
      ['a', 'b', 'c', 'd'].find((key) => log.partitionOf(Buffer.from(key), 2) === partition) ?? '';
    nowMs += 6 * dayMs;
    log.append('stores', keyOf(1), 'never read');
    log.append('stores', keyOf(0), 'read');
    await eventually(() => state.keyed('stores').get(keyOf(0)) !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(state.mark?.atEndMs).toBe(dayMs);
  });

  it('stands at its end again and again while it is followed', async () => {
    const state = createMemoryState();
    await start(state);
    nowMs += 6 * dayMs;
    log.append('stores', 'north', 'Taipei');
    await eventually(() => state.mark?.atEndMs === nowMs);
  });

  it('of another log than the last commit saw is not waited for, loudly', async () => {
    log.append('stores', 'north', 'Taipei');
    const table = await start();
    const partition = log.partitionOf(Buffer.from('north'), 2);
    await table.reached([0, 0].with(partition, 7), new AbortController().signal);
    expect(said).toEqual(['a global table has less than the last commit saw: its topic is another one']);
  });

  it('that a task has to wait for says so, once', async () => {
    const table = await start();
    const partition = log.partitionOf(Buffer.from('north'), 2);
    const create = log.read.bind(log);
    log.read = (place, offset, bytes) =>
      nowMs === dayMs ? { records: [], nextOffset: offset } : create(place, offset, bytes);
    log.append('stores', 'north', 'Taipei');
    const waiting = table.reached([0, 0].with(partition, 1), new AbortController().signal);
    await eventually(() => said.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 150));
    nowMs += 1;
    await waiting;
    expect(said).toEqual(['task waits for a global table']);
  });
});
