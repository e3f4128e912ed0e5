import { StreamsError } from '../errors.ts';
import { topicName } from '../topology/names.ts';
import type { AnyTopic, Input } from '../topology/types.ts';
import { InputQueue } from './input-queue.ts';
import type { Bounds, TaskOptions } from './options.ts';
import { type TopologyRun, timedTopics } from './topology-run.ts';

/** How the records of an input reach a topology. */
export interface Route {
  readonly run: TopologyRun;
  readonly inputs: readonly Input[];
  /** The topology takes only what lies at or behind this offset. */
  readonly from: number;
  /** Its records move the topology's stream time. */
  readonly isTimed: boolean;
}

export interface RoutedInput {
  readonly queue: InputQueue;
  readonly routes: readonly Route[];
}

/**
 * Inputs among which the record with the smallest event time is taken first; an input that is in no such choice
 * is a group of its own.
 */
export interface ChoiceGroup {
  readonly inputs: readonly RoutedInput[];
}

/** Opens the inputs of a task where they stand, or where a new topology says that it begins. */
export function openInputs(options: TaskOptions, runs: readonly TopologyRun[]): readonly RoutedInput[] {
  const { application, partition, position, bounds } = options;
  const found = new Map<string, { topic: AnyTopic; routes: UnplacedRoute[] }>();
  for (const run of runs) {
    const timed = timedTopics(application.name, run.topology);
    for (const [name, inputs] of inputsByTopic(application.name, run)) {
      const topic = requirePartitions(inputs[0].topic, name, options);
      const entry = found.get(name) ?? { topic, routes: [] };
      const from = begins(run, name, options, requireBounds(name, bounds));
      entry.routes.push({ run, inputs, from, isTimed: timed.has(name) });
      found.set(name, entry);
    }
  }
  return [...found].sort(byName).map(([name, { topic, routes }]) => {
    const stands = position?.inputs[name];
    const starts = routes.map(({ from }) => from ?? stands ?? 0);
    const start = Math.min(...starts, stands ?? Number.POSITIVE_INFINITY);
    const queue = new InputQueue(name, partition, topic, start, bounds.get(name)?.end ?? 0);
    return { queue, routes: routes.map((route, at) => ({ ...route, from: starts[at] ?? start })) };
  });
}

type UnplacedRoute = Omit<Route, 'from'> & { readonly from: number | null };

/** Inputs of topologies that go by time are chosen together, over topologies where they share one. */
export function choiceGroups(inputs: readonly RoutedInput[]): readonly ChoiceGroup[] {
  const groups = inputs.map((input) => new Set([input]));
  const runs = new Set(
    inputs
      .flatMap(({ routes }) => routes)
      .filter(goesByTime)
      .map(({ run }) => run),
  );
  for (const run of runs) {
    const isOfRun = ({ routes }: RoutedInput) =>
      routes.some((route) => route.run === run && goesByTime(route));
    const [first, ...others] = groups.filter((group) => [...group].some(isOfRun));
    for (const other of others) {
      for (const input of other) first?.add(input);
      groups.splice(groups.indexOf(other), 1);
    }
  }
  return groups.map((group) => ({ inputs: inputs.filter((input) => group.has(input)) }));
}

function goesByTime({ run, isTimed }: Route): boolean {
  return isTimed && run.topology.byTime;
}

function inputsByTopic(application: string, { topology }: TopologyRun): Map<string, [Input, ...Input[]]> {
  const byTopic = new Map<string, [Input, ...Input[]]>();
  for (const input of topology.parts.flatMap((part) => part.inputs ?? [])) {
    const name = topicName(application, input.topic);
    const known = byTopic.get(name);
    if (known === undefined) byTopic.set(name, [input]);
    else known.push(input);
  }
  return byTopic;
}

/** Where a topology begins to take an input; null: where the task stands in it. */
function begins(
  { name, topology }: TopologyRun,
  topic: string,
  { position }: TaskOptions,
  { earliest, end }: Bounds,
): number | null {
  if (position?.shapes[name] !== undefined && position.inputs[topic] !== undefined) {
    return position.from?.[name]?.[topic] ?? null;
  }
  return topology.start === 'earliest' ? earliest : end;
}

function requireBounds(topic: string, bounds: ReadonlyMap<string, Bounds>): Bounds {
  const found = bounds.get(topic);
  if (found !== undefined) return found;
  throw new StreamsError('ZT-STREAMS-BOUNDS', `the bounds of input "${topic}" were not read`);
}

function requirePartitions(
  topic: AnyTopic,
  name: string,
  { application, partitions }: TaskOptions,
): AnyTopic {
  if (topic.partitions === 'P' || topic.partitions === partitions) return topic;
  const counts = `"${name}" has ${topic.partitions} partitions, but ${partitions} are shared`;
  const message = `inputs of application "${application.name}" must have one partition count: ${counts}`;
  throw new StreamsError('ZT-STREAMS-PARTITIONS', message);
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1;
}
