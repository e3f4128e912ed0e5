import type { Codec } from '@zhongtai/highway';
import type { RecordEntry, Topic } from '@zhongtai/schemas';
import type { StreamTopic } from '@zhongtai/streams';
import { FactoryError } from './errors.ts';

/** A record of a topic that carries several types. */
export interface Typed {
  readonly recordName: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/**
 * A topic of the catalogue as topologies take it: framed Avro by the highway's codec, which knows every writer's schema
 * before a record reaches its handler. The event time is the envelope's; where there is none, the log's own.
 */
export function avroTopic(topic: Topic, codec: Pick<Codec, 'decode' | 'encode'>): StreamTopic<Typed> {
  const records = new Map<string, RecordEntry>(topic.records.map((record) => [record.name, record]));
  return {
    name: topic.name,
    partitions: topic.partitions,
    serde: {
      name: `avro:${topic.name}`,
      encode: ({ recordName, value }) => codec.encode(topic.name, recordName, value),
      decode(bytes) {
        const { recordName, value } = codec.decode<Typed['value']>(bytes);
        if (records.has(recordName)) return { recordName, value };
        throw new FactoryError('ZT-FACTORY-FOREIGN-RECORD', `${recordName} is no record of ${topic.name}`);
      },
    },
    ...(topic.source === null ? {} : { eventTimeMs: ({ value }: Typed) => Number(value['event_time']) }),
  };
}
