import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Highway } from '@zhongtai/highway';
import { compareWithRebuild, type Log, type LogRecord } from '@zhongtai/streams';
import { type Addresses, addresses, highwayAt } from './highway-fixture.ts';
import { countApplication, inputOf, outputOf } from './streams-count-topology.ts';

const kills = Number(process.env['KILLS'] ?? 4);
const partitions = 4;
const name = `count-${process.pid}-${Date.now().toString(36)}`;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let at: Addresses;
let highway: Highway;
let log: Log;
let directory: string;
let worker: ChildProcess | undefined;

beforeAll(async () => {
  at = await addresses(['kafka', 'registry']);
  highway = highwayAt(at);
  log = highway.createStreamLog();
  directory = await mkdtemp(join(tmpdir(), 'zhongtai-count-'));
  await log.ensureTopics(
    [inputOf(name), outputOf(name)].map((topic) => {
      return { name: topic, partitions, cleanup: 'delete', retentionMs: 3_600_000 } as const;
    }),
  );
}, 120_000);

afterAll(async () => {
  worker?.kill('SIGKILL');
  await highway.close();
  await at.stop();
  await rm(directory, { recursive: true, force: true });
});

/** All committed records of a topic, as a reader of committed records finds them. */
async function readAll(topic: string): Promise<LogRecord[]> {
  const reader = log.createReader();
  const places = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  const found: LogRecord[] = [];
  for (const { partition, earliest, end } of await reader.bounds(places)) {
    for (let offset = earliest; offset < end; ) {
      const page = await reader.read({ topic, partition }, offset);
      if (page === null) throw new Error(`${topic}/${partition} lost offset ${offset}`);
      found.push(...page.records);
      offset = page.nextOffset;
    }
  }
  await reader.close();
  return found;
}

function startWorker(instance: string): ChildProcess {
  const module = join(import.meta.dirname, 'streams-count-worker.ts');
  return fork(module, [name, join(directory, instance), instance], {
    env: { ...process.env, KAFKA_BROKERS: at.kafka },
    execArgv: [],
  });
}

/** Resolves when the worker has joined; rejects when it ended before that. */
async function started(worker: ChildProcess): Promise<void> {
  const ended = once(worker, 'exit').then(() => {
    throw new Error('the worker ended by itself');
  });
  await Promise.race([once(worker, 'message'), ended]);
}

/** Writes until told to stop: about 2000 records a second over 300 keys. Returns how many each key has. */
function load(): { stop(): Promise<Map<string, number>> } {
  const sent = new Map<string, number>();
  const publisher = highway.createPublisher();
  let running = true;
  const done = (async () => {
    await publisher.start();
    for (let n = 0; running; ) {
      const keys = Array.from({ length: 40 }, () => `key-${(n++ * 7919) % 300}`);
      const value = Buffer.from('word');
      await publisher.publish(
        keys.map((key) => ({ topic: inputOf(name), key, value, timestampMs: Date.now() })),
      );
      for (const key of keys) sent.set(key, (sent.get(key) ?? 0) + 1);
      await sleep(20);
    }
    await publisher.stop();
  })();
  return {
    async stop() {
      running = false;
      await done;
      return sent;
    },
  };
}

function byKey(records: readonly LogRecord[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { key, value } of records) {
    const list = found.get(String(key)) ?? [];
    list.push(Number(value));
    found.set(String(key), list);
  }
  return found;
}

describe('counting on a real broker in a process that is killed again and again', () => {
  it(
    'loses nothing and counts nothing twice, in the outputs and in the store',
    async () => {
      const loading = load();
      worker = startWorker('a');
      for (let kill = 1; kill <= kills; kill++) {
        await started(worker);
        await sleep(300 + Math.random() * 2500);
        expect(worker.exitCode).toBeNull();
        worker.kill('SIGKILL');
        await once(worker, 'exit');
        worker = startWorker('a');
      }
      await started(worker);
      const sent = await loading.stop();
      const total = [...sent.values()].reduce((sum, count) => sum + count, 0);
      for (let tries = 0; (await readAll(outputOf(name))).length < total && tries < 60; tries++) {
        expect(worker.exitCode).toBeNull();
        await sleep(500);
      }
      await sleep(500);
      worker.kill('SIGTERM');
      await once(worker, 'exit');

      const outputs = byKey(await readAll(outputOf(name)));
      const expected = new Map(
        [...sent].map(([key, count]) => [key, Array.from({ length: count }, (_, n) => n + 1)]),
      );
      expect(Object.fromEntries(outputs)).toEqual(Object.fromEntries(expected));
      // The last value of each key in the changelog is what a rebuild finds.
      const changelog = byKey(await readAll(`${name}.count.counts.changelog`));
      const stored = [...changelog].map(([key, values]) => [key, values.at(-1)]);
      expect(Object.fromEntries(stored)).toEqual(Object.fromEntries(sent));
      expect(total).toBeGreaterThan(1000);
      // And so is the copy on this machine's disk, which saw every kill.
      const stateDirectory = join(directory, 'a');
      const application = countApplication(name);
      const copies = await compareWithRebuild({ application, log, stateDirectory, instance: 'a' });
      expect(copies.map(({ differences }) => differences)).toEqual([0, 0, 0, 0]);
      expect(copies.reduce((sum, { entries }) => sum + entries, 0)).toBe(sent.size);
    },
    kills * 20_000 + 120_000,
  );
});
