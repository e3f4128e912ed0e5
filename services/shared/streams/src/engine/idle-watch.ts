import { messageOf } from '../errors.ts';
import type { Log, LogReader } from '../log-port.ts';
import { topicName } from '../topology/names.ts';
import type { Application, Topology } from '../topology/types.ts';
import type { EngineLogger, Upstream } from './options.ts';
import type { TaskRunner } from './task-runner.ts';

export interface IdleParts {
  readonly application: Application;
  readonly log: Pick<Log, 'lag'>;
  readonly reader: LogReader;
  readonly upstream: (topic: string) => readonly Upstream[];
  readonly clock: () => number;
  readonly logger: EngineLogger;
}

interface Watch {
  readonly name: string;
  readonly idleMs: number;
  readonly inputs: readonly string[];
  /** Whose lag holds the time back, farthest up first. */
  readonly upstream: readonly Upstream[];
}

/**
 * Lets stream time follow the clock where nothing comes and nothing can be on its way. The order of the questions
 * is what makes the answer true: those farthest up have no lag, then the next, and only then are our inputs asked
 * for their ends: what was written before is in them. A question that gets no answer is a no.
 */
export class IdleWatch {
  readonly #parts: IdleParts;
  readonly #watches: readonly Watch[];
  #asking = false;

  constructor(parts: IdleParts) {
    this.#parts = parts;
    this.#watches = parts.application.topologies.flatMap((topology) => watchOf(parts, topology) ?? []);
  }

  /** Called once a second; asks nothing as long as something moves. */
  async look(runners: () => Iterable<TaskRunner>): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      for (const watch of this.#watches) {
        if ([...runners()].some((runner) => this.#isStill(runner, watch))) await this.#ask(watch, runners);
      }
    } catch (error) {
      this.#parts.logger.debug({ reason: messageOf(error) }, 'idle time waits for an answer');
    } finally {
      this.#asking = false;
    }
  }

  #isStill(runner: TaskRunner, { inputs, idleMs }: Watch): boolean {
    if (runner.phase !== 'running') return false;
    const nowMs = this.#parts.clock();
    return inputs.every((topic) => {
      const sinceMs = runner.inputs.stillSinceMs(topic);
      return sinceMs !== null && nowMs - sinceMs >= idleMs;
    });
  }

  async #ask(watch: Watch, runners: () => Iterable<TaskRunner>): Promise<void> {
    for (const { groupId, topics } of watch.upstream) {
      for (const topic of topics) if ((await this.#parts.log.lag(groupId, topic)) > 0) return;
    }
    const still = [...runners()].filter((runner) => this.#isStill(runner, watch));
    const places = still.flatMap(({ partition }) => watch.inputs.map((topic) => ({ topic, partition })));
    const ends = new Map(
      (await this.#parts.reader.bounds(places)).map(({ topic, partition, end }) => [
        `${topic}/${partition}`,
        end,
      ]),
    );
    const present = new Set(runners());
    for (const runner of still) {
      const positions = runner.settled();
      const atEnds = watch.inputs.every((topic) => {
        const end = ends.get(`${topic}/${runner.partition}`) ?? Number.POSITIVE_INFINITY;
        return (positions.get(topic) ?? -1) >= end;
      });
      if (atEnds && present.has(runner) && this.#isStill(runner, watch)) {
        runner.idle(watch.name, this.#parts.clock());
      }
    }
  }
}

function watchOf({ application, upstream }: IdleParts, topology: Topology): Watch | null {
  const { name, idleMs, parts } = topology;
  if (idleMs === null) return null;
  const topics = parts.flatMap((part) => part.inputs ?? []).map((input) => input.topic);
  const inputs = [...new Set(topics.map((topic) => topicName(application.name, topic)))];
  if (inputs.length === 0) return null;
  return {
    name,
    idleMs,
    inputs,
    upstream: inputs.flatMap((topic) => [...ownWriters(application, topic, upstream)]),
  };
}

/** An internal input is written by this application's own tasks, those of other partitions among them. */
function* ownWriters(
  application: Application,
  topic: string,
  upstream: (topic: string) => readonly Upstream[],
  seen: ReadonlySet<string> = new Set(),
): Generator<Upstream> {
  if (seen.has(topic)) return;
  const within = new Set(seen).add(topic);
  const nameOf = (each: Parameters<typeof topicName>[1]): string => topicName(application.name, each);
  for (const { parts } of application.topologies) {
    const writes = parts.some((part) => part.outputs?.some((output) => nameOf(output) === topic));
    if (!writes) continue;
    const inputs = parts.flatMap((part) => part.inputs ?? []).map((input) => nameOf(input.topic));
    const others = inputs.filter((input) => !within.has(input));
    for (const input of others) yield* ownWriters(application, input, upstream, within);
    yield { groupId: application.name, topics: [...new Set(others)] };
  }
  yield* upstream(topic);
}
