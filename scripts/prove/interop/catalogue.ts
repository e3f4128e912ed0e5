import { schemaText, subjectOf, topics } from '@zhongtai/schemas';

/** The catalogue as data: all that an outside client is told beside addresses. */
export interface PrintedCatalogue {
  readonly topics: readonly {
    readonly name: string;
    readonly kind: 'stream' | 'table';
    readonly label: { readonly zh: string; readonly en: string };
    readonly records: readonly { readonly name: string; readonly subject: string; readonly schema: string }[];
  }[];
}

export function printCatalogue(): PrintedCatalogue {
  return {
    topics: Object.values(topics).map((topic) => ({
      name: topic.name,
      kind: topic.kind,
      label: topic.label,
      records: topic.records.map((record) => ({
        name: record.name,
        subject: subjectOf(topic, record),
        schema: schemaText(record.name),
      })),
    })),
  };
}
