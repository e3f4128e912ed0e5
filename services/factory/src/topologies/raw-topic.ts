import type { Topic } from '@zhongtai/schemas';
import type { Serde, StreamTopic } from '@zhongtai/streams';

const bytes: Serde<Buffer> = { name: 'bytes', encode: (value) => value, decode: (value) => value };

/**
 * A topic whose values stay the framed bytes that they are, for a stage that decodes by itself, or not at all. Its
 * event time is the log's own timestamp.
 */
export function rawTopic({ name, partitions }: Topic): StreamTopic<Buffer> {
  return { name, partitions, serde: bytes };
}
