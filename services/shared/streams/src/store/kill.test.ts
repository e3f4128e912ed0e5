import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lockStateDirectory } from './directory-lock.ts';
import { openLmdbState } from './lmdb-state.ts';
import type { LocalState } from './local-state.ts';
import { openStateDirectory } from './state-directory.ts';

const segmentMs = 1000;
const keptMs = 5000;
const entriesEach = 40;

/** Applies change after change until it is killed; says each sequence when its apply has returned. */
const applying = `
  import { writeSync } from 'node:fs';
  const { openLmdbState } = await import(process.argv[1]);
  const state = openLmdbState(process.argv[2]);
  const numbers = Array.from({ length: ${entriesEach} }, (_, index) => index);
  for (let n = (state.mark?.sequence ?? 0) + 1; ; n += 1) {
    const timeMs = n * 100;
    const value = Buffer.alloc(50 + (n % 7) * 100, n % 251);
    state.apply({
      from: n - 1,
      mark: { sequence: n, changelogs: { log: n * 3 }, atEndMs: n },
      keyed: [
        { store: 'last', entries: numbers.map((i) => ['key-' + ((n * 7919 + i * 31) % 2000), Buffer.from(String(n))]) },
        { store: 'coming-and-going', entries: [['only', n % 2 === 0 ? value : null]] },
      ],
      windows: [{
        store: 'seen', segmentMs: ${segmentMs}, dropBeforeMs: timeMs - ${keptMs},
        entries: numbers.map((i) => ({ key: 'key-' + i, timeMs, sequence: n, value })),
      }],
    });
    writeSync(1, n + '\\n');
  }`;

/** Applies one change, then dies by its own hand within the next: at an entry, or where the mark is written. */
const dying = `
  const { openLmdbState } = await import(process.argv[1]);
  const state = openLmdbState(process.argv[2]);
  const die = () => process.kill(process.pid, 'SIGKILL');
  const change = (n, entries, changelogs) => ({
    from: n - 1,
    mark: { sequence: n, changelogs, atEndMs: n },
    keyed: [{ store: 'totals', entries }],
    windows: [{ store: 'seen', segmentMs: 10, entries: [{ key: 'a', timeMs: n, sequence: 0, value: Buffer.alloc(n) }] }],
  });
  state.apply(change(1, [['a', Buffer.from('1')]], {}));
  function* deadly() {
    yield ['a', Buffer.from('2')];
    die();
    yield ['b', Buffer.from('2')];
  }
  const two = [['a', Buffer.from('2')]];
  console.log('applied');
  if (process.argv[3] === 'entry') state.apply(change(2, deadly(), {}));
  else state.apply(change(2, two, { toJSON: die }));`;

/** Everything that change 1 to n make, and nothing else. */
function expectStateAfter(state: LocalState, n: number): void {
  expect(state.mark).toEqual({ sequence: n, changelogs: { log: n * 3 }, atEndMs: n });
  const last = new Map<string, string>();
  for (let each = 1; each <= n; each += 1) {
    for (let i = 0; i < entriesEach; i += 1) last.set(`key-${(each * 7919 + i * 31) % 2000}`, String(each));
  }
  const found = new Map(Array.from(state.keyed('last').range(), ([key, value]) => [key, value.toString()]));
  expect(found).toEqual(last);
  expect(state.keyed('coming-and-going').get('only') !== undefined).toBe(n % 2 === 0);
  const firstKept = Math.max(1, Math.ceil((Math.floor((n * 100 - keptMs) / segmentMs) * segmentMs) / 100));
  for (let i = 0; i < entriesEach; i += 1) {
    const entries = [...state.window('seen').fetch(`key-${i}`, -Infinity, Infinity)];
    expect(entries.map(({ sequence }) => sequence)).toEqual(numbersFrom(firstKept, n));
    const whole = entries.every(({ value, sequence }) => value.length === 50 + (sequence % 7) * 100);
    expect(whole).toBe(true);
  }
}

function numbersFrom(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function start(script: string, module: string, ...options: string[]): ChildProcess {
  const url = new URL(module, import.meta.url).href;
  const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit'];
  return spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script, url, ...options], {
    stdio,
  });
}

async function firstOutput(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error('the child has no output');
  await once(child.stdout, 'data');
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
}

describe('kill -9', () => {
  let directory: string;
  let child: ChildProcess | null = null;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'state-kill-'));
  });
  afterEach(async () => {
    if (child !== null) await kill(child);
    rmSync(directory, { recursive: true });
  });

  it('in the midst of applies leaves exactly what was applied up to the mark', async () => {
    for (let round = 0; round < 6; round += 1) {
      child = start(applying, './lmdb-state.ts', directory);
      let said = '';
      child.stdout?.on('data', (data) => {
        said += data;
      });
      await firstOutput(child);
      await sleep(10 + Math.random() * 150);
      await kill(child);
      const state = openLmdbState(directory);
      try {
        const sequence = state.mark?.sequence ?? 0;
        const lastSaid = Number(said.trimEnd().split('\n').at(-1));
        // What was said was applied; the one behind it may have been applied and not said.
        expect([lastSaid, lastSaid + 1]).toContain(sequence);
        expectStateAfter(state, sequence);
      } finally {
        await state.close();
      }
    }
  }, 60_000);

  it.each(['entry', 'mark'])('within an apply, at the %s, leaves nothing of it', async (moment) => {
    child = start(dying, './lmdb-state.ts', directory, moment);
    await once(child, 'close');
    expect(child.signalCode).toBe('SIGKILL');
    const state = openLmdbState(directory);
    try {
      expect(state.mark?.sequence).toBe(1);
      expect(Array.from(state.keyed('totals').range(), ([key, value]) => `${key}=${value}`)).toEqual(['a=1']);
      expect([...state.window('seen').fetch('a', 0, 100)]).toHaveLength(1);
    } finally {
      await state.close();
    }
  });

  it('frees the directory, which nobody else could open before, also while its process stood still', async () => {
    const holding = `
      const { lockStateDirectory } = await import(process.argv[1]);
      lockStateDirectory(process.argv[2]);
      console.log('locked');
      setInterval(() => {}, 1000);`;
    child = start(holding, './directory-lock.ts', directory);
    await firstOutput(child);
    const refused = expect.objectContaining({
      code: 'ZT-STREAMS-DIRECTORY-LOCKED',
      failure: 'fatal',
      message: expect.stringContaining(`process ${child.pid} on `),
    });
    expect(() => lockStateDirectory(directory)).toThrow(refused);
    child.kill('SIGSTOP');
    expect(() => lockStateDirectory(directory)).toThrow(refused);
    await kill(child);
    const lock = lockStateDirectory(directory);
    expect(() => lockStateDirectory(directory)).toThrow(`process ${process.pid} on `);
    lock.release();
    lockStateDirectory(directory).release();
  });

  it('leaves warm copies that are trusted, since the machine has run on', async () => {
    const working = `
      const { openStateDirectory } = await import(process.argv[1]);
      const options = { directory: process.argv[2], application: { name: 'orders' }, instance: 'one' };
      const state = (await openStateDirectory(options)).open(2);
      const keyed = [{ store: 'totals', entries: [['a', Buffer.from('1')]] }];
      state.apply({ from: 0, mark: { sequence: 1, changelogs: {}, atEndMs: 5 }, keyed, windows: [] });
      console.log('applied');
      setInterval(() => {}, 1000);`;
    child = start(working, './state-directory.ts', directory);
    await firstOutput(child);
    await kill(child);
    const opened = await openStateDirectory({ directory, application: { name: 'orders' }, instance: 'one' });
    expect([opened.distrusted, opened.warm()]).toEqual([false, [2]]);
    const state = opened.open(2);
    expect(state.keyed('totals').get('a')).toEqual(Buffer.from('1'));
    await state.close();
    await opened.close();
  });
});
