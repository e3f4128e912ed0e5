import { StreamsError } from '../errors.ts';
import type { Log } from '../log-port.ts';
import { inputTopics, internalTopics, topicName } from '../topology/names.ts';
import type { AnyTopic, Application } from '../topology/types.ts';

export interface CheckedTopics {
  /** Partition counts of the global tables' topics. */
  readonly globals: ReadonlyMap<string, number>;
}

/**
 * Creates the topics that the engine keeps for itself and looks at the others.
 *
 * @throws StreamsError fatal: a topic is missing, or the inputs differ in their partition counts, so that equal keys
 * would meet in different tasks.
 */
export async function checkTopics(
  log: Log,
  application: Application,
  partitions: number,
  deleteRetentionMs: number,
): Promise<CheckedTopics> {
  await log.ensureTopics(internalTopics(application, partitions, deleteRetentionMs));
  const parts = application.topologies.flatMap((topology) => topology.parts);
  const inputs = inputTopics(application);
  const outputs = parts.flatMap((part) => part.outputs ?? []);
  const globals = parts.flatMap((part) => part.globals ?? []).map(({ topic }) => topic.name);
  const outputNames = outputs.map((topic) => topicName(application.name, topic));
  const counts = await log.partitionCounts([...new Set([...inputs, ...outputNames, ...globals])]);
  const missing = [...inputs, ...outputNames, ...globals].filter((topic) => !counts.has(topic));
  if (missing.length > 0) {
    const names = [...new Set(missing)].join(', ');
    throw new StreamsError('ZT-STREAMS-NO-TOPIC', `${application.name}: these topics do not exist: ${names}`);
  }
  compareInputs(application.name, inputs, counts, partitions);
  for (const topic of outputs) compareOutput(application.name, topic, counts, partitions);
  return { globals: new Map(globals.map((topic) => [topic, counts.get(topic) ?? 0])) };
}

function compareInputs(
  application: string,
  inputs: readonly string[],
  counts: ReadonlyMap<string, number>,
  partitions: number,
): void {
  const like = inputs.find((topic) => counts.get(topic) === partitions);
  for (const topic of inputs) {
    const count = counts.get(topic);
    if (count === partitions) continue;
    const other = like === undefined ? 'the setting' : like;
    const message = `${application}: ${topic} has ${count} partitions and ${other} has ${partitions}; `;
    throw new StreamsError('ZT-STREAMS-PARTITIONS', `${message}inputs of one application must be alike`);
  }
}

function compareOutput(
  application: string,
  topic: AnyTopic,
  counts: ReadonlyMap<string, number>,
  partitions: number,
): void {
  const name = topicName(application, topic);
  const wanted = topic.partitions === 'P' ? partitions : topic.partitions;
  const count = counts.get(name);
  if (count === wanted) return;
  const message = `${application}: the output ${name} has ${count} partitions, ${wanted} were expected`;
  throw new StreamsError('ZT-STREAMS-PARTITIONS', message);
}
