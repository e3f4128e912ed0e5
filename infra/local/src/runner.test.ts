import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { checkHttp } from './http-check.ts';
import type { Part } from './part.ts';
import { freePort } from './ports.ts';
import { birthOf } from './processes.ts';
import { Runner } from './runner.ts';

const serve = (port: number, more = '') =>
  `${more};require('node:http').createServer((_, answer) => answer.end('ok')).listen(${port}, '127.0.0.1')`;

describe('a runner', () => {
  let folder: string;
  let port: number;
  let runner: Runner | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zhongtai-runner-'));
    port = await freePort();
  });
  afterEach(async () => {
    await runner?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function run(program: string, more: Partial<Part> = {}): Runner {
    const part: Part = {
      name: 'web',
      needs: [],
      address: '',
      port,
      command: process.execPath,
      args: ['-e', program],
      env: {},
      stopSignal: 'SIGTERM',
      stopGraceMs: 300,
      startLimitMs: 20_000,
      prepare: async () => {},
      check: () => checkHttp(`http://127.0.0.1:${port}/`, (body) => body === 'ok'),
      ...more,
    };
    runner = new Runner(part, join(folder, 'web.log'), { changed: () => {}, log: () => {} });
    return runner;
  }

  it('does not take the answers of another process for those of its own', async () => {
    const foreign = createServer((_, answer) => answer.end('ok')).listen(port, '127.0.0.1');
    await once(foreign, 'listening');
    const web = run(serve(port), { address: `http://127.0.0.1:${port}` });
    await expect(web.start()).rejects.toThrow(/another process answers at http/);
    expect(web.state).toMatchObject({ pid: 0, phase: 'failed' });
    foreign.close();
  });

  it('starts a process again where it was, as often as it dies', async () => {
    const web = run(serve(port));
    await web.start();
    for (const restarts of [1, 2]) {
      const { pid } = web.state;
      process.kill(pid, 'SIGKILL');
      while (web.state.restarts < restarts || web.state.phase !== 'up') await sleep(20);
      await web.part.check();
      expect(web.state).toMatchObject({ restarts, port });
      expect(web.state.pid).not.toBe(pid);
    }
  });

  it('refuses what never comes up, and says where to look', async () => {
    const web = run(`console.error('no disk'); process.exit(3)`);
    await expect(web.start()).rejects.toThrow(/web does not start \(exit code 3\).*web\.log/);
    expect(web.state.phase).toBe('failed');
    expect(await readFile(web.log, 'utf8')).toContain('no disk');
  });

  it('ends a process that does not want to end', async () => {
    const web = run(serve(port, `process.on('SIGTERM', () => {})`));
    await web.start();
    const { pid, birth } = web.state;
    await web.stop();
    expect(birthOf(pid)).not.toBe(birth);
    expect(web.state.phase).toBe('stopped');
  });

  it('waits for the preparation before it says that it stopped', async () => {
    let prepared = false;
    const web = run(serve(port), {
      prepare: async () => {
        await sleep(200);
        prepared = true;
      },
    });
    const started = web.start();
    await web.stop();
    await started;
    expect(prepared).toBe(true);
    expect(web.state.pid).toBe(0);
  });
});
