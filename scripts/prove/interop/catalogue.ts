import type { Contract } from '@zhongtai/highway';
import { schemaText, subjectOf, type Topic, topics } from '@zhongtai/schemas';

/** The catalogue as data: all that an outside client is told beside addresses. */
export interface PrintedCatalogue {
  readonly topics: readonly {
    readonly name: string;
    readonly kind: 'stream' | 'table';
    readonly label: { readonly zh: string; readonly en: string };
    readonly records: readonly { readonly name: string; readonly subject: string; readonly schema: string }[];
  }[];
}

/** The catalogue less the way to the highway, which carries the same records, on topics of a proof's own where the broker is shared with others. */
export interface ProofCatalogue {
  readonly topics: readonly Topic[];
  readonly contract: Contract;
  readonly printed: PrintedCatalogue;
  subject(topic: Topic, record: Topic['records'][number]): string;
}

export function proofCatalogue(prefix: string): ProofCatalogue {
  const shown = Object.values(topics).filter(({ leg }) => leg === null || leg === 'highway');
  const own = shown.map((topic) => ({ ...topic, name: `${prefix}${topic.name}` }));
  const subjects = new Map(
    shown.flatMap((topic) =>
      topic.records.map((record) => [record.name, `${prefix}${subjectOf(topic, record)}`] as const),
    ),
  );
  const deadLetterTopic = own.find(({ name }) => name === `${prefix}dead-letter`);
  if (deadLetterTopic === undefined) throw new Error('the catalogue has no topic for dead letters');
  const subject = ({ name }: { readonly name: string }): string => {
    const found = subjects.get(name);
    if (found === undefined) throw new Error(`the catalogue has no record ${name}`);
    return found;
  };
  return {
    topics: own,
    contract: { schemaText, deadLetterTopic, subjectOf: (_topic, record) => subject(record) },
    printed: {
      topics: own.map(({ name, kind, label, records }) => ({
        name,
        kind,
        label,
        records: records.map((record) => ({
          name: record.name,
          subject: subject(record),
          schema: schemaText(record.name),
        })),
      })),
    },
    subject: (_topic, record) => subject(record),
  };
}
