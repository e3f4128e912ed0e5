import { StreamsError } from '../errors.ts';
import type { LogReader, Place } from '../log-port.ts';
import type { Bounds } from '../task/options.ts';
import { movedTo } from '../task/position.ts';
import type { Position } from '../task/types.ts';
import type { EngineLogger } from './options.ts';

/** What one partition of an application's inputs is now. */
export interface InputsNow {
  readonly bounds: ReadonlyMap<string, Bounds>;
  readonly identities: ReadonlyMap<string, string>;
}

export async function inputsNow(
  reader: LogReader,
  topics: readonly string[],
  partition: number,
): Promise<InputsNow> {
  // First, so that a topic made anew meanwhile is found to be another one at the next opening.
  const identities = await reader.identities(topics);
  const bounds = await reader.bounds(topics.map((topic) => ({ topic, partition })));
  return {
    identities,
    bounds: new Map(bounds.map(({ topic, earliest, end }) => [topic, { earliest, end }])),
  };
}

interface Standing {
  readonly application: string;
  readonly partition: number;
  readonly logger: EngineLogger;
}

/**
 * Compares where a task stands with what its inputs are now. A topic that was made anew is another one: nothing of it
 * was read, so it is read from its beginning.
 *
 * @throws StreamsError ZT-STREAMS-INPUT-RANGE when the task stands outside an input: going on would skip records.
 */
export function soundPosition(
  position: Position | null,
  now: InputsNow,
  standing: Standing,
): Position | null {
  const { application, partition, logger } = standing;
  let sound = position;
  for (const [topic, { earliest, end }] of now.bounds) {
    const offset = position?.inputs[topic];
    if (sound === null || offset === undefined) continue;
    const [former, identity] = [position?.topics?.[topic], now.identities.get(topic)];
    if (former !== undefined && identity !== undefined && former !== identity) {
      const fields = { topic, partition, former, identity, formerOffset: offset, earliest, end };
      logger.error(fields, 'input topic was made anew and is read from its beginning');
      sound = movedTo(sound, topic, earliest, identity);
    } else if (offset < earliest || offset > end) {
      throw outside(application, { topic, partition }, offset, { earliest, end });
    }
  }
  return sound;
}

/** Why reading cannot go on at these positions of a running task; null when they are sound. */
export async function faultOfInputs(
  reader: LogReader,
  application: string,
  partition: number,
  positions: ReadonlyMap<string, number>,
): Promise<StreamsError | null> {
  const bounds = await reader.bounds([...positions.keys()].map((topic) => ({ topic, partition })));
  for (const { topic, earliest, end } of bounds) {
    const offset = positions.get(topic) ?? earliest;
    if (offset >= earliest && offset <= end) continue;
    return outside(application, { topic, partition }, offset, { earliest, end });
  }
  return null;
}

function outside(
  application: string,
  { topic, partition }: Place,
  offset: number,
  { earliest, end }: Bounds,
): StreamsError {
  const where = `${topic}/${partition}: the position ${offset} lies outside of what is there, ${earliest} to ${end}`;
  const gone = offset < earliest ? `; offsets ${offset} to ${earliest - 1} are gone unread` : '';
  const command = `APPLICATION=${application} INPUT=${topic} FROM=earliest node services/factory/src/reset/main.ts`;
  const remedy = `To go on with what is there, stop the application and run: ${command} (FROM=latest: behind its end)`;
  return new StreamsError('ZT-STREAMS-INPUT-RANGE', `${where}${gone}. ${remedy}`);
}
