import responseV6 from 'kafkajs/src/protocol/requests/produce/v6/response.js';
import type { WireBody, WireExchange } from './kafkajs-types.ts';

export interface PartitionBatch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
}

export type ProduceAnswer = Awaited<ReturnType<typeof responseV6.decode>>;

/** Produce v7 (the first with zstd), acks=all. Error codes stay per partition: one must not fail the others. */
export function produceRequest(
  batches: readonly PartitionBatch[],
  timeoutMs: number,
): WireExchange<ProduceAnswer> {
  return {
    request: { apiKey: 0, apiVersion: 7, apiName: 'Produce', encode: async () => encode(batches, timeoutMs) },
    response: { decode: (raw) => responseV6.decode(raw), parse: async (decoded) => decoded },
  };
}

function encode(batches: readonly PartitionBatch[], timeoutMs: number): WireBody {
  const byTopic = Map.groupBy(batches, (batch) => batch.topic);
  const fixed = Buffer.allocUnsafe(12);
  fixed.writeInt16BE(-1, 0);
  fixed.writeInt16BE(-1, 2);
  fixed.writeInt32BE(timeoutMs, 4);
  fixed.writeInt32BE(byTopic.size, 8);
  const parts: Buffer[] = [fixed];
  for (const [topic, ofTopic] of byTopic) {
    const name = Buffer.from(topic);
    const head = Buffer.allocUnsafe(2 + name.length + 4);
    head.writeInt16BE(name.length, 0);
    name.copy(head, 2);
    head.writeInt32BE(ofTopic.length, 2 + name.length);
    parts.push(head);
    for (const batch of ofTopic) {
      const place = Buffer.allocUnsafe(8);
      place.writeInt32BE(batch.partition, 0);
      place.writeInt32BE(batch.bytes.length, 4);
      parts.push(place, batch.bytes);
    }
  }
  const whole = Buffer.concat(parts);
  return { buf: whole, buffer: whole };
}
