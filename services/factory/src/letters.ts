import type { Codec, DeadLetters } from '@zhongtai/highway';
import { recordNamed } from '@zhongtai/schemas';
import type { EngineOptions, OutRecord } from '@zhongtai/streams';

type DeadLetterBuilder = EngineOptions['deadLetter'];
type LateBuilder = EngineOptions['late'];

export interface LetterParts {
  readonly codec: Pick<Codec, 'encode'>;
  readonly deadLetters: Pick<DeadLetters, 'message'>;
  /** What `P` stands for. */
  readonly partitions: number;
  readonly partitionOf: (key: Buffer, partitions: number) => number;
  readonly clock: () => number;
}

/** Direct publishers may send identifiers in clear. */
const isClear = (topic: string): boolean => topic.startsWith('direct.');

const lateRecord = 'zhongtai.platform.LateRecord';

/** Builds the records that say what could not be used; synchronous, for they go out with the transaction. */
export function createLetters(parts: LetterParts): { deadLetter: DeadLetterBuilder; late: LateBuilder } {
  const late = recordNamed(lateRecord);
  if (late === undefined) throw new RangeError(`the catalogue has no ${lateRecord}`);
  const placed = (topic: string, key: string, value: Buffer | null, timestampMs: number): OutRecord => {
    const bytes = Buffer.from(key);
    return { topic, partition: parts.partitionOf(bytes, parts.partitions), key: bytes, value, timestampMs };
  };
  return {
    deadLetter(letter) {
      const { topology, stage, schemaId, ...rest } = letter;
      const message = parts.deadLetters.message({
        ...rest,
        stage: `${topology}/${stage}`,
        clear: isClear(letter.topic),
        ...(schemaId === null ? {} : { schemaId }),
      });
      return placed(message.topic, message.key ?? '', message.value, message.timestampMs);
    },
    late(letter) {
      const clear = isClear(letter.topic);
      const value = {
        topic: letter.topic,
        partition: letter.partition,
        offset: letter.offset,
        hop: letter.topology,
        stage: letter.stage,
        lateness_ms: letter.latenessMs,
        event_time: letter.eventTimeMs,
        stream_time: letter.streamTimeMs,
        record_time: letter.timestampMs,
        schema_id: letter.schemaId,
        key: clear ? null : letter.key,
        headers: clear ? [] : Object.entries(letter.headers).map(([key, bytes]) => ({ key, value: bytes })),
        value: clear ? null : letter.value,
      };
      const bytes = parts.codec.encode(late.topic.name, lateRecord, value);
      return placed(late.topic.name, late.record.key(value) ?? '', bytes, parts.clock());
    },
  };
}
