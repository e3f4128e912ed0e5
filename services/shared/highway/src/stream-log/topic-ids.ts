import type { WireExchange } from '../kafkajs-types.ts';
import { flexibleExchange, type WireReader } from './wire.ts';

/** Metadata v12, for the ids of topics: one that is made anew under its name has another. */
export function topicIdsRequest(topics: readonly string[]): WireExchange<ReadonlyMap<string, string>> {
  return flexibleExchange({
    apiKey: 3,
    apiVersion: 12,
    apiName: 'Metadata',
    write: (into) =>
      into
        .list(topics, (topic) => into.int64(0n).int64(0n).text(topic).noTags())
        .flag(false)
        .flag(false),
    read(from) {
      from.int32(); // throttle time
      from.list(() => skipBroker(from));
      from.text(); // cluster id
      from.int32(); // controller
      return new Map(from.list(() => readTopic(from)).flat());
    },
  });
}

function skipBroker(from: WireReader): void {
  from.int32();
  from.text();
  from.int32();
  from.text();
  from.skipTags();
}

/** None for a topic that the broker does not know. */
function readTopic(from: WireReader): [topic: string, id: string][] {
  const errorCode = from.int16();
  const topic = from.text();
  const id = `${hex(from)}${hex(from)}`;
  from.flag(); // internal
  from.list(() => skipPartition(from));
  from.int32(); // authorized operations
  from.skipTags();
  return errorCode === 0 ? [[topic, id]] : [];
}

function skipPartition(from: WireReader): void {
  from.int16();
  from.int32();
  from.int32();
  from.int32();
  for (let list = 0; list < 3; list += 1) from.list(() => from.int32());
  from.skipTags();
}

function hex(from: WireReader): string {
  return BigInt.asUintN(64, from.int64()).toString(16).padStart(16, '0');
}
