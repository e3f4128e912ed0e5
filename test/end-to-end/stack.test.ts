import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { partNames, readEndpoints, type Stack, startStack, stopStack } from '@zhongtai/local';
import { Kafka, logLevel } from 'kafkajs';

const limitMs = 120_000;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).then((open) => {
    socket.destroy();
    return open === true;
  });
}

/** Every process that the stack of a directory has noted, its supervisor included. */
async function notes(directory: string): Promise<{ pids: number[]; ports: number[] }> {
  const state = JSON.parse(await readFile(join(directory, 'run/stack.json'), 'utf8'));
  const parts: { pid: number; port: number }[] = state.parts;
  return {
    pids: [state.pid, ...parts.map(({ pid }) => pid)],
    ports: parts.map(({ port }) => port).filter((port) => port > 0),
  };
}

async function waitUntil(condition: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (await condition()) return true;
    await sleep(100);
  }
  return false;
}

async function isFresh(stack: Stack, part: string, before: number): Promise<boolean> {
  return waitUntil(() => stack.pid(part) !== before && isAlive(stack.pid(part)));
}

describe('the embedded stack', () => {
  let directory: string;
  let stack: Stack;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'zhongtai-stack-'));
    stack = await startStack({ directory, ports: 'free' });
  }, limitMs);

  afterAll(async () => {
    await stack.stop();
    await rm(directory, { recursive: true, force: true });
  }, limitMs);

  const kafka = () =>
    new Kafka({ brokers: [stack.endpoints.kafka], clientId: 'stack-test', logLevel: logLevel.NOTHING });

  it('answers in the protocol of each part and says where', async () => {
    for (const part of partNames) await stack.healthy(part);
    expect(await readEndpoints(directory)).toEqual(stack.endpoints);
    const subjects = await fetch(`${stack.endpoints.registry}/apis/ccompat/v7/subjects`);
    expect(await subjects.json()).toEqual([]);
    const answer = await fetch(`${stack.endpoints.clickhouse}/?query=SELECT%2040%2B2`);
    expect((await answer.text()).trim()).toBe('42');
  });

  it(
    'a broker that is killed comes back on its port, with its topics and records, while the registry lives',
    async () => {
      const admin = kafka().admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 3 }] });
      const producer = kafka().producer();
      await producer.connect();
      await producer.send({ topic: 'kept', messages: [{ key: 'a', value: 'b', partition: 1 }] });
      await Promise.all([producer.disconnect(), admin.disconnect()]);

      const [broker, registry] = [stack.pid('kafka'), stack.pid('registry')];
      await stack.kill('kafka', 'SIGKILL');
      expect(await isFresh(stack, 'kafka', broker)).toBe(true);
      await stack.healthy('kafka');

      const again = kafka().admin();
      await again.connect();
      const offsets = await again.fetchTopicOffsets('kept');
      await again.disconnect();
      expect(offsets.map(({ high }) => Number(high)).reduce((sum, high) => sum + high)).toBe(1);
      expect(offsets).toHaveLength(3);
      expect(stack.pid('registry')).toBe(registry);
    },
    limitMs,
  );

  it.each(['postgres', 'clickhouse'] as const)('%s comes back on its port too', async (part) => {
    const before = stack.pid(part);
    await stack.kill(part, 'SIGKILL');
    expect(await isFresh(stack, part, before)).toBe(true);
    await stack.healthy(part);
  });

  it(
    'a second start in the same directory joins, and its stop leaves the stack alone',
    async () => {
      const second = await startStack({ directory });
      expect(second.endpoints).toEqual(stack.endpoints);
      await second.stop();
      await stack.healthy('kafka');
    },
    limitMs,
  );

  it(
    'stop leaves no process and no port',
    async () => {
      const { pids, ports } = await notes(directory);
      expect(pids.filter(isAlive)).toHaveLength(partNames.length + 1);
      await stack.stop();
      expect(await waitUntil(() => !pids.some(isAlive))).toBe(true);
      expect(await Promise.all(ports.map(isOpen))).toEqual(ports.map(() => false));
      expect(await readEndpoints(directory)).toEqual({});
    },
    limitMs,
  );
});

describe('a starter that is killed', () => {
  let directory: string;
  let starter: ChildProcess | undefined;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'zhongtai-starter-'));
  });

  afterAll(async () => {
    starter?.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });

  it(
    'leaves no child: the supervisor, its parts and the services end by themselves',
    async () => {
      const program = `
        import { startStack } from '@zhongtai/local';
        const stack = await startStack({ directory: ${JSON.stringify(directory)}, parts: ['clickhouse'], ports: 'free' });
        await stack.supervise({ name: 'sleeper', command: process.execPath, args: ['-e', 'setInterval(() => {}, 1e6)'] });
        console.log('up');
        setInterval(() => {}, 1e6);`;
      starter = spawn(process.execPath, ['--input-type=module', '-e', program], {
        cwd: import.meta.dirname,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [said] = await once(starter.stdout ?? starter, 'data');
      expect(String(said)).toContain('up');
      const { pids, ports } = await notes(directory);
      expect(pids.filter(isAlive)).toHaveLength(3);

      starter.kill('SIGKILL');
      expect(await waitUntil(() => !pids.some(isAlive))).toBe(true);
      expect(await Promise.all(ports.map(isOpen))).toEqual(ports.map(() => false));
    },
    limitMs,
  );
});

describe('a stack whose notes are of no use', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'zhongtai-notes-'));
  });

  afterAll(async () => {
    await stopStack(directory);
    await rm(directory, { recursive: true, force: true });
  });

  async function start(): Promise<number[]> {
    await startStack({ directory, parts: ['clickhouse'], ports: 'free', detached: true });
    return (await notes(directory)).pids;
  }

  async function status(): Promise<{ code: number; said: string }> {
    const main = fileURLToPath(new URL('../../infra/local/src/main.ts', import.meta.url));
    const env = { ...process.env, NODE_OPTIONS: '', ZHONGTAI_DIRECTORY: directory };
    const child = spawn(process.execPath, [main, 'status'], { env });
    let said = '';
    child.stdout.on('data', (text) => {
      said += text;
    });
    const [code] = await once(child, 'close');
    return { code, said };
  }

  it(
    'ends all the same when they are broken',
    async () => {
      const pids = await start();
      await writeFile(join(directory, 'run/stack.json'), '{"pid":1');
      expect(await status()).toMatchObject({ code: 1, said: expect.stringContaining('make down ends them') });
      expect(await stopStack(directory)).toBe(true);
      expect(await waitUntil(() => !pids.some(isAlive))).toBe(true);
      expect(await status()).toMatchObject({ code: 0, said: expect.stringContaining('nothing runs') });
    },
    limitMs,
  );

  it(
    'is not said to be down when only its supervisor was killed',
    async () => {
      const [supervisor = 0, part = 0] = await start();
      process.kill(supervisor, 'SIGKILL');
      expect(await waitUntil(() => !isAlive(supervisor))).toBe(true);
      expect(await status()).toMatchObject({ code: 1, said: expect.stringContaining(`pid ${part}`) });
      expect(await stopStack(directory)).toBe(true);
      expect(await waitUntil(() => !isAlive(part))).toBe(true);
    },
    limitMs,
  );
});
