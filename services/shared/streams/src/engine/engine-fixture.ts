import { Registry } from 'prom-client';
import type { TimerContext } from '../context.ts';
import type { LogRecord, OutRecord } from '../log-port.ts';
import { memoryStates, type StateDirectory } from '../store/state-directory.ts';
import { application, topology } from '../topology/topology.ts';
import type { Application, DueTimer } from '../topology/types.ts';
import { createEngine } from './create-engine.ts';
import type { MemoryMember } from './memory-group.ts';
import { MemoryLog } from './memory-log.ts';
import type { Engine, EngineLimits, EngineLogger, EngineOptions } from './options.ts';

/** What the engine's tests share: an application that counts, processes over one log in memory. */

const numberSerde = {
  name: 'number',
  encode: (value: number) => Buffer.from(String(value)),
  decode: (bytes: Buffer) => Number(bytes.toString()),
};
const words = { name: 'words', partitions: 'P', serde: numberSerde } as const;
const counts = { name: 'counts', partitions: 'P', serde: numberSerde } as const;

/** Tells every count of every key, so that a lost or a doubled record shows. */
export function countApplication(name = 'app', serdeName = 'number'): Application {
  const store = { kind: 'keyed', name: 'counts', serde: { ...numberSerde, name: serdeName } } as const;
  return application(name, [
    topology('count', {
      order: 'free',
      parts: [
        {
          name: 'count',
          operator: 'count',
          stores: [store],
          outputs: [counts],
          inputs: [
            {
              topic: words,
              kind: 'stream',
              stage: 'count',
              handle({ key }, context) {
                const count = (context.store(store).get(key) ?? 0) + 1;
                context.store(store).put(key, count);
                context.emit(counts, key, count);
              },
            },
          ],
        },
      ],
    }),
  ]);
}

const wake = {
  name: 'wake',
  onDue: (timer: DueTimer, context: TimerContext) => context.emit(counts, timer.key, timer.dueMs),
};

/** Wakes 30 s of stream time after a record; its inputs may come by way of `entry`, keyed anew. */
export function remindApplication(): Application {
  const keyed = { ...words, name: 'keyed', internal: { retentionMs: 3_600_000 } } as const;
  const entry = { ...words, name: 'entry' };
  return application('app', [
    topology('remind', {
      order: 'free',
      idleMs: 15_000,
      parts: [
        {
          name: 'first',
          operator: 'rekey',
          outputs: [keyed],
          inputs: [
            {
              topic: entry,
              kind: 'stream',
              stage: 'first',
              handle: ({ key, value }, context) => context.emit(keyed, `again-${key}`, value),
            },
          ],
        },
        {
          name: 'remind',
          operator: 'timer',
          timers: [wake],
          outputs: [counts],
          inputs: [words, keyed].map((topic) => ({
            topic,
            kind: 'stream',
            stage: 'remind',
            handle: ({ key }, context) => context.wakeAt(wake, key, context.streamTimeMs + 30_000),
          })),
        },
      ],
    }),
  ]);
}

export const partitions = 2;

/** A process: its engine, its local copies (they outlive a kill), what it said. */
export interface Process {
  readonly engine: Engine;
  readonly states: StateDirectory;
  readonly said: string[];
  readonly fatal: unknown[];
  member(): MemoryMember;
}

export class EngineFixture {
  readonly log = new MemoryLog();
  readonly processes: Process[] = [];
  nowMs = Date.now();

  constructor() {
    for (const topic of ['words', 'entry', 'counts', 'dead-letter', 'late'])
      this.log.createTopic(topic, partitions);
  }

  async run(
    instance: string,
    options: Partial<EngineOptions> = {},
    states = memoryStates(),
  ): Promise<Process> {
    const said: string[] = [];
    const fatal: unknown[] = [];
    const app = options.application ?? countApplication();
    const engine = createEngine({
      application: app,
      log: this.log,
      stateDirectory: states,
      instance,
      partitions,
      logger: loggerTo(said),
      metrics: new Registry(),
      clock: () => this.nowMs,
      deadLetter: (letter) => letterTo('dead-letter', letter.value),
      late: (letter) => letterTo('late', letter.value),
      onFatal: (error) => fatal.push(error),
      ...options,
      limits: { ...quick, ...options.limits },
    });
    const process: Process = {
      engine,
      states,
      said,
      fatal,
      member: () => {
        const found = this.log
          .coordinator(app.name)
          .members.find((each) => each.options.instance === instance);
        if (found === undefined) throw new Error(`${instance} is no member`);
        return found;
      },
    };
    this.processes.push(process);
    await engine.start();
    return process;
  }

  send(keys: readonly string[]): void {
    for (const key of keys) this.log.append('words', key, '1', this.nowMs);
  }

  counts(): Record<string, number[]> {
    return byKey(this.log.committed('counts').flat());
  }

  /** The last value of each key in the changelog: what a rebuild finds. */
  changelog(): Record<string, number> {
    const found = byKey(this.log.committed('app.count.counts.changelog').flat());
    return Object.fromEntries(Object.entries(found).map(([key, values]) => [key, values.at(-1) ?? 0]));
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map(({ engine }) => engine.stop()));
  }
}

const quick: Partial<EngineLimits> = { commitMs: 10, drainedCommitMs: 1, revokeMs: 300, tickMs: 20 };

function letterTo(topic: string, value: Buffer | null): OutRecord {
  return { topic, partition: 0, key: null, value, timestampMs: 0 };
}

function loggerTo(said: string[]): EngineLogger {
  const say = (_fields: object, message: string): void => {
    said.push(message);
  };
  return { debug: say, info: say, warn: say, error: say };
}

function byKey(records: readonly LogRecord[]): Record<string, number[]> {
  const found: Record<string, number[]> = {};
  for (const { key, value } of records) {
    const name = String(key);
    found[name] = [...(found[name] ?? []), Number(value)];
  }
  return found;
}

/** 1, 2, … for each key: what the counts must be when it was sent so often. */
export function upTo(totals: Readonly<Record<string, number>>): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(totals).map(([key, total]) => [key, Array.from({ length: total }, (_, n) => n + 1)]),
  );
}

export async function eventually(holds: () => boolean, withinMs = 3000): Promise<void> {
  const until = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > until) throw new Error(`did not come true within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
