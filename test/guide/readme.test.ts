import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readEndpoints } from '@zhongtai/local';

const root = resolve(import.meta.dirname, '../..');
const directory = mkdtempSync(join(tmpdir(), 'zhongtai-readme-'));
const subscriberFile = join(root, `.local/subscriber-${process.pid}.mjs`);
const env = { ...process.env, ZHONGTAI_DIRECTORY: directory, LIMIT: '2000', NODE_OPTIONS: '' };
const run = promisify(execFile);

interface Block {
  readonly language: string;
  readonly text: string;
}

function blocksOf(file: string): Block[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', body = '']) => ({
    language,
    text: body,
  }));
}

const blocks = blocksOf('README.md');

function blockWith(part: string): string {
  const found = blocks.filter(({ text }) => text.includes(part));
  if (found.length !== 1) throw new Error(`the README has ${found.length} blocks with ${part}`);
  return found[0]?.text ?? '';
}

/** The README's addresses are the defaults; here the demo may have had to take other ports. */
async function atOurAddresses(text: string): Promise<string> {
  const { kafka, registry, clickhouse, apiGateway } = await readEndpoints(directory);
  return text
    .replaceAll('127.0.0.1:9092', String(kafka))
    .replaceAll('http://127.0.0.1:8081', String(registry))
    .replaceAll('http://127.0.0.1:8123', String(clickhouse))
    .replaceAll('http://127.0.0.1:8080', String(apiGateway));
}

async function shell(command: string, more: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await run('sh', ['-c', command], { cwd: root, env: { ...env, ...more } });
  return stdout;
}

async function until(what: string, limitMs: number, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what} did not come about within ${limitMs} ms`);
    await sleep(100);
  }
}

describe('the READMEs', () => {
  let demo: ChildProcess;
  let said = '';
  let ended: Promise<number | null>;

  beforeAll(async () => {
    demo = spawn('make', ['demo'], { cwd: root, env, detached: true });
    demo.stdout?.on('data', (chunk) => (said += chunk));
    demo.stderr?.on('data', (chunk) => (said += chunk));
    ended = new Promise((done) => demo.once('exit', done));
    await until('the demo', 120_000, () => {
      if (demo.exitCode !== null) throw new Error(`the demo ended:\n${said}`);
      return said.includes('Ctrl-C');
    });
  }, 130_000);

  afterAll(async () => {
    if (demo.exitCode === null && demo.signalCode === null) process.kill(-Number(demo.pid), 'SIGTERM');
    await ended;
    rmSync(directory, { recursive: true, force: true });
    rmSync(subscriberFile, { force: true });
  }, 60_000);

  it('have the same commands in both languages', () => {
    expect(blocks.length).toBeGreaterThan(8);
    expect(blocksOf('README.zh-TW.md')).toEqual(blocks);
  });

  it('show what make demo shows', () => {
    expect(said).toMatch(/遺失 lost +0\n/);
    expect(said).toMatch(/重複入庫 doubled +0\n/);
    expect(said).toContain('✓ 全部相符 everything ties out');
  });

  it('send an event by curl, read it by plain kafkajs and find it by SQL', async () => {
    const [key] = /zt_[\w-]+/.exec(await shell(blockWith('make key'))) ?? [''];
    expect(key).not.toBe('');
    const curl = await atOurAddresses(blockWith('/v1/events'));
    await until('the new key', 5_000, async () => {
      const answer = JSON.parse(await shell(curl, { ZHONGTAI_KEY: key }));
      return answer.accepted === 1 && answer.rejected.length === 0;
    });

    mkdirSync(dirname(subscriberFile), { recursive: true });
    writeFileSync(subscriberFile, await atOurAddresses(blockWith('new SchemaRegistry')));
    const subscriber = spawn('npx', ['node', subscriberFile], { cwd: root, env, detached: true });
    let read = '';
    subscriber.stdout.on('data', (chunk) => (read += chunk));
    try {
      await until('the subscriber', 20_000, () => read.includes('cart-1 P100'));
    } finally {
      process.kill(-Number(subscriber.pid), 'SIGTERM');
    }

    const query = await atOurAddresses(blockWith('user=analyst'));
    await until('the row', 10_000, async () => (await shell(query)).includes('cart-1'));
  }, 60_000);

  it('show the state of the parts, and Ctrl-C leaves nothing', async () => {
    expect(await shell(blockWith('make status'))).toMatch(/kafka/);
    expect(await shell('make help')).toContain('make demo');
    process.kill(-Number(demo.pid), 'SIGINT');
    await ended;
    await until('the end', 5_000, () => said.includes('已停止 stopped'));
    expect(await readEndpoints(directory)).toEqual({});
  }, 60_000);

  it('start and stop the parts alone', async () => {
    const one = { ZHONGTAI_PARTS: 'kafka' };
    expect(await shell(blockWith('make up'), one)).toMatch(/kafka/);
    expect(await readEndpoints(directory)).toHaveProperty('kafka');
    expect(await shell(blockWith('make down'), one)).toContain('stopped');
    expect(await readEndpoints(directory)).toEqual({});
  }, 60_000);
});
