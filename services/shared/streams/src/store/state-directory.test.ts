import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalState } from './local-state.ts';
import { memoryStates, openStateDirectory, type StateDirectory } from './state-directory.ts';
import { isTrusted, markFlushed, markOpen } from './trust.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'state-directory-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const openOrders = (): Promise<StateDirectory> =>
  openStateDirectory({ directory, application: { name: 'orders' }, instance: 'one' });

function count(state: LocalState): void {
  const from = state.mark?.sequence ?? 0;
  const entries: [string, Buffer][] = [['count', Buffer.from(String(from + 1))]];
  const mark = { sequence: from + 1, changelogs: {}, atEndMs: 1 };
  state.apply({ from, mark, keyed: [{ store: 'counts', entries }], windows: [] });
}

const counted = (state: LocalState): string | undefined => state.keyed('counts').get('count')?.toString();

describe('a state directory', () => {
  it('keeps the copies of tasks and global tables, and knows which tasks are warm', async () => {
    let opened = await openOrders();
    expect([opened.warm(), opened.distrusted]).toEqual([[], false]);
    const [three, ten, table] = [opened.open(3), opened.open(10), opened.openGlobal('stores')];
    await opened.open(4).close();
    for (const state of [three, ten, ten, table]) count(state);
    expect(opened.warm()).toEqual([3, 10]);
    for (const state of [three, ten, table]) await state.close();
    await opened.close();

    opened = await openOrders();
    expect([opened.warm(), opened.distrusted]).toEqual([[3, 10], false]);
    const [again, globals] = [opened.open(10), opened.openGlobal('stores')];
    expect([counted(again), counted(globals)]).toEqual(['2', '1']);
    again.clear();
    expect(opened.warm()).toEqual([3]);
    await again.close();
    await globals.close();
    opened.reset();
    expect(opened.warm()).toEqual([]);
    await opened.close();
    expect(existsSync(join(directory, 'one', 'orders', '10'))).toBe(false);
  });

  it('that cannot be made is refused at once, with its path and the remedy', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    for (const impossible of ['/proc/nope', '/proc/nope/deep', '/proc/self', file, join(file, 'below')]) {
      const opening = openStateDirectory({
        directory: impossible,
        application: { name: 'orders' },
        instance: 'one',
      });
      await expect(opening).rejects.toMatchObject({
        code: 'ZT-STREAMS-STATE-DIRECTORY',
        failure: 'fatal',
        message: expect.stringMatching(
          new RegExp(`the state directory ${impossible}.* cannot be used .*write to`),
        ),
      });
    }
  });

  it('gives a copy that was closed and is opened again as it was left', async () => {
    const opened = await openOrders();
    for (const expected of ['1', '2', '3']) {
      const state = opened.open(0);
      count(state);
      expect(counted(state)).toBe(expected);
      await state.close();
    }
    await opened.close();
  });

  it('lets only one of two open copies go on: the one that applied first', async () => {
    const opened = await openOrders();
    const [former, next] = [opened.open(0), opened.open(0)];
    count(next);
    expect(() => count(former)).toThrow(expect.objectContaining({ code: 'ZT-STREAMS-APPLIED-BY-ANOTHER' }));
    await former.close();
    count(next);
    expect(counted(next)).toBe('2');
    await next.close();
    await opened.close();
  });

  it('refuses what is done with a copy after its end', async () => {
    const opened = await openOrders();
    const state = opened.open(0);
    count(state);
    await state.close();
    await state.close();
    expect(() => count(state)).toThrow(expect.objectContaining({ code: 'ZT-STREAMS-STATE-CLOSED' }));
    expect(() => state.keyed('counts').get('count')).toThrow();
    expect(state.size()).toEqual({ bytes: 0, entries: 0 });
    await opened.close();
  });

  it('deletes copies that were open when the machine lost its power, and says so', async () => {
    let opened = await openOrders();
    const state = opened.open(0);
    count(state);
    await state.close();
    // As another start of the machine would have left it.
    const own = join(directory, 'one', 'orders');
    markOpen(own, 'a start before this one');
    const file = readFileSync(join(own, 'trust.json'));
    await opened.close();
    writeFileSync(join(own, 'trust.json'), file);

    opened = await openOrders();
    expect([opened.distrusted, opened.warm()]).toEqual([true, []]);
    const empty = opened.open(0);
    expect([empty.mark, counted(empty)]).toEqual([null, undefined]);
    await empty.close();
    await opened.close();
    opened = await openOrders();
    expect(opened.distrusted).toBe(false);
    await opened.close();
  });

  it('belongs to one instance and application; their names cannot lead elsewhere', async () => {
    const opened = await openOrders();
    await expect(openOrders()).rejects.toMatchObject({ code: 'ZT-STREAMS-DIRECTORY-LOCKED' });
    const other = await openStateDirectory({ directory, application: { name: 'orders' }, instance: 'two' });
    await other.close();
    for (const instance of ['..', '', 'a/b']) {
      const wrong = openStateDirectory({ directory, application: { name: 'orders' }, instance });
      await expect(wrong).rejects.toMatchObject({ code: 'ZT-STREAMS-INSTANCE-NAME' });
    }
    await opened.close();
  });

  it('can live in memory', async () => {
    const opened = memoryStates();
    count(opened.open(1));
    opened.open(0);
    expect([counted(opened.open(1)), opened.warm()]).toEqual(['1', [1]]);
    opened.reset();
    expect(opened.warm()).toEqual([]);
    await opened.close();
  });
});

describe('files are trusted', () => {
  it('when they were flushed, or written since this start of the machine, and not otherwise', async () => {
    expect(isTrusted(directory)).toBe(false);
    markOpen(directory);
    expect(isTrusted(directory)).toBe(true);
    expect(isTrusted(directory, 'another start')).toBe(false);
    writeFileSync(join(directory, 'data'), 'x');
    await markFlushed(directory, [join(directory, 'data')]);
    expect(isTrusted(directory, 'another start')).toBe(true);
    writeFileSync(join(directory, 'trust.json'), '{"boo');
    expect(isTrusted(directory)).toBe(false);
  });

  it('by the time of the start where starts have no name', () => {
    markOpen(directory, 1_000_000);
    expect(isTrusted(directory, 1_000_004)).toBe(true);
    expect(isTrusted(directory, 1_000_030)).toBe(false);
    expect(isTrusted(directory, 'a name')).toBe(false);
  });
});
