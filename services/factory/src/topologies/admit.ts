import type { Identifiers, ValueLimits, VaultCipher } from '@zhongtai/domain';
import type { Codec } from '@zhongtai/highway';
import { type Source, schemaText, type Topic, topics, topicsOf } from '@zhongtai/schemas';
import { type Application, application } from '@zhongtai/streams';
import { admitCheck } from './admit-check.ts';
import { admitOnce, type Schemas } from './admit-once.ts';

export interface AdmitParts {
  readonly codec: Pick<Codec, 'encode'> & Schemas;
  readonly identifiers: Identifiers;
  readonly cipher: VaultCipher;
  readonly secretVersion: number;
  readonly limits: ValueLimits;
  /** How far event_time may lie ahead of ingest_time. */
  readonly maxFutureMs: number;
}

interface Way {
  readonly source: Source;
  readonly direct: Topic;
  readonly inbound: Topic;
  readonly highway: Topic;
}

const vault = topicNamed('vault.identifier');
const ways = topicsOf('highway').map(
  (highway): Way => ({
    source: highway.source,
    direct: topicNamed(`direct.${highway.source}`),
    inbound: topicNamed(`inbound.${highway.source}`),
    highway,
  }),
);

/** Every topic of the catalogue that `admit` reads or writes: they must exist, and their schemas be prepared. */
export const admitTopics: readonly Topic[] = [
  ...ways.flatMap(({ direct, inbound, highway }) => [direct, inbound, highway]),
  vault,
];

/**
 * The application between the gateways and the highway: `check` for direct publishers, then one `once-<source>` for
 * each source, which has a stream time of its own: a source that was held up is not measured by another's clock.
 */
export function admit(parts: AdmitParts): Application {
  return application('admit', [
    admitCheck({ ...parts, sources: ways, vault, schemaText }),
    ...ways.map(({ source, inbound, highway }) =>
      admitOnce({ source, inbound, highway, schemas: parts.codec }),
    ),
  ]);
}

function topicNamed(name: string): Topic {
  const topic = topics[name];
  if (topic === undefined) throw new RangeError(`the catalogue has no topic ${name}`);
  return topic;
}
