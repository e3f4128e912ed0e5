import { StreamsError } from '../errors.ts';
import type { Log } from '../log-port.ts';
import { movedTo, POSITION_KEY, withoutTopology } from '../task/position.ts';
import type { Position } from '../task/types.ts';
import { inputTopics, positionTopic } from '../topology/names.ts';
import type { Application } from '../topology/types.ts';
import { type InputsNow, inputsNow } from './check-inputs.ts';
import { readPosition } from './read-position.ts';

export interface PositionsParts {
  readonly log: Pick<Log, 'createReader' | 'createProducer'>;
  readonly application: Application;
  readonly partitions: number;
  readonly clock: () => number;
}

export interface MovedInput {
  readonly partition: number;
  /** Null: the partition was never read. */
  readonly from: number | null;
  readonly to: number;
}

/**
 * Lets a stopped application go on at the first offset, or behind the last one, of one of its inputs. A partition
 * without a position is left as it is: it begins where the topologies say.
 *
 * @throws StreamsError (fatal) ZT-STREAMS-INPUT when the application does not read the topic.
 */
export async function moveInput(
  parts: PositionsParts,
  topic: string,
  to: 'earliest' | 'latest',
): Promise<MovedInput[]> {
  const { name } = parts.application;
  if (!inputTopics(parts.application).includes(topic))
    throw new StreamsError('ZT-STREAMS-INPUT', `${topic} is no input of ${name}`);
  const moved: MovedInput[] = [];
  await changePositions(parts, (position, { bounds, identities }, partition) => {
    const { earliest = 0, end = 0 } = bounds.get(topic) ?? {};
    const offset = to === 'earliest' ? earliest : end;
    moved.push({ partition, from: position.inputs[topic] ?? null, to: offset });
    return movedTo(position, topic, offset, identities.get(topic));
  });
  return moved;
}

/** Takes what a removed topology left out of a stopped application's positions; returns the partitions. */
export async function forgetTopology(parts: PositionsParts, topology: string): Promise<number[]> {
  const partitions: number[] = [];
  const read = inputTopics(parts.application);
  await changePositions(parts, (position, _now, partition) => {
    if (position.shapes[topology] === undefined) return position;
    partitions.push(partition);
    return withoutTopology(position, topology, read);
  });
  return partitions;
}

/** Each as its task would commit it: the former owner is fenced first, so that it cannot write an older one behind. */
async function changePositions(
  { log, application, partitions, clock }: PositionsParts,
  change: (position: Position, now: InputsNow, partition: number) => Position,
): Promise<void> {
  const topic = positionTopic(application.name);
  const reader = log.createReader();
  try {
    for (let partition = 0; partition < partitions; partition += 1) {
      const producer = log.createProducer(`${application.name}.${partition}`);
      try {
        await producer.fence();
        const position = await readPosition(reader, { topic, partition });
        if (position === null) continue;
        const changed = change(
          position,
          await inputsNow(reader, inputTopics(application), partition),
          partition,
        );
        if (changed === position) continue;
        const value = Buffer.from(JSON.stringify(changed));
        await producer.commit([{ topic, partition, key: POSITION_KEY, value, timestampMs: clock() }]);
      } finally {
        await producer.close();
      }
    }
  } finally {
    await reader.close();
  }
}
